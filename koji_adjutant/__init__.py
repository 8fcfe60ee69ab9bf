"""A build worker for Koji that runs every piece of packagers' code in an ephemeral container."""

__version__ = "0.2.0"
