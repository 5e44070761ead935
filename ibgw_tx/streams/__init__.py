"""Commands and events as Redis streams: what no bot may miss."""
