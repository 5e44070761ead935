"""Fuzzing of what is read from the network: what TWS says, what bots command, what Redis answers. `make fuzz`."""
