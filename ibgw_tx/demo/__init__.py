"""The demo: an embedded Redis, a simulated TWS and the gateway, watched in the terminal as a bot would."""
