"""What clients ask to be done, and which host gets it."""
