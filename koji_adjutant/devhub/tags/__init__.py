"""Tags, what is tagged, inheritance, targets and external repositories."""
