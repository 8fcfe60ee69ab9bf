ABSENT: frozenset[str] = frozenset()
