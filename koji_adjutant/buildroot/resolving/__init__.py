"""From what is wanted to the packages that it takes: asking dnf, or a lock."""
