"""What keeps a benchmark from being run."""


class BenchError(Exception):
    """Its message says what is missing or different, and what to do."""
