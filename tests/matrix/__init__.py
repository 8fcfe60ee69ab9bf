"""Koji-Adjutant on other hosts than this one: stand-ins for them, and what is run there."""
