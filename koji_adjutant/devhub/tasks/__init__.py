"""Tasks, what hosts do with them, and what they upload."""
