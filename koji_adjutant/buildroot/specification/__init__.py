"""What is wanted in a buildroot: its configuration, the plan for it, and the lock that repeats it."""
