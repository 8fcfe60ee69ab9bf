"""The daemon's parts: arguments, login, the task manager and the loop it runs in."""
