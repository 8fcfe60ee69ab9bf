"""The build recipes, with no hub in sight: SCM to SRPM, SRPM to RPMs, packages to repository."""
