"""A whole build farm on one machine: devhub, a worker, a git server and the stock ``koji`` client."""
