"""Programs that a check runs in a container of the tool image, with that image's own tools."""
