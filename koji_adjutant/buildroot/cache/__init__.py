"""What this machine keeps for the next buildroot: layers, downloads, answers."""
