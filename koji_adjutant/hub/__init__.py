"""What talks to the hub, for whoever needs it."""
