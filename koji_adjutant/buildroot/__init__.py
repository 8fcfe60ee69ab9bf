"""What a build runs in: composing it from a repository, caching it, starting it, listing what is in it."""
