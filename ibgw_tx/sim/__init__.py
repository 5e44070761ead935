"""ibsim: a simulated TWS on the real wire, for people without an IB account.

It shares no code with the gateway on purpose: a layout misread in one would go unseen if the other misread it alike.
"""
