"""Containers: a protocol (interface.py) and the engine behind it (podman_manager.py)."""
