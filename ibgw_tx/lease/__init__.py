"""One gateway works under one name: the lease that says which one."""
