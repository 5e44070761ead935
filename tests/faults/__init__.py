"""The fault campaign: what the world does to a gateway, done to running ones, and looked at from outside (`make faults`)."""
