"""Programs that run inside tool containers, with that image's own python."""
