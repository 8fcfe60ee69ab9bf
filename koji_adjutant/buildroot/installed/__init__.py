"""What is installed in a buildroot, what Koji knows it by, and where it came from."""
