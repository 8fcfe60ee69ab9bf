"""Trees of files: overlays, homes, deletion of what packagers' code has made."""
