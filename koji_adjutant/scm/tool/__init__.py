"""The program that runs in a checkout container, with the tool image's own python."""
