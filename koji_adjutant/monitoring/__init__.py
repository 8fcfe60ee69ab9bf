"""What happened on this worker, for everybody who looks at it from outside.

The worker records what happens in a ``Journal`` (events.py); ``history`` reads it back for API, dashboard,
metrics and command line. Nothing here knows the worker.
"""
