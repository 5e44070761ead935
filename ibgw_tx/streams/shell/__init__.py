"""The stream of commands, read by its consumer group."""
