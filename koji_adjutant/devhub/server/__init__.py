"""The process: HTTP, dispatch of calls, its directory, and what it does by itself."""
