"""Makes ``twistd ibsim`` known. The module is named as text, so that ``twistd --help`` loads nothing of it."""

from twisted.application.service import ServiceMaker

ibsim = ServiceMaker("ibsim", "ibgw_tx.sim.tap", "A simulated Interactive Brokers TWS", "ibsim")
