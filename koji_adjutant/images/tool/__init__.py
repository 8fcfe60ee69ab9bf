"""Programs that run inside tool images, with their own python."""
