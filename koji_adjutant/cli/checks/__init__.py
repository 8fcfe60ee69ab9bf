"""What ``koji-adjutant check`` looks at: the machine, the container engine, the hub."""
