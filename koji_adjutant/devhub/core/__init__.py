"""How a call of the hub is written: arguments, database, queries, faults."""
