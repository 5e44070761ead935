"""All faults, in the order of the table: the modules that have them."""

from tests.faults import bot_faults, gateway_faults, redis_faults, sentinel_faults, tws_faults
from tests.faults.scenario import SCENARIOS, Row, Scenario, play

# In the order of the table, whatever was imported first.
MODULES = (tws_faults, redis_faults, sentinel_faults, gateway_faults, bot_faults)
__all__ = ["MODULES", "SCENARIOS", "Row", "Scenario", "play"]
SCENARIOS.sort(key=lambda each: [module.__name__.rpartition(".")[2] for module in MODULES].index(each.group))
