"""The lease on Redis, and who this process is."""
