"""The layers of a buildroot: composed by rpm, kept in the store, verified."""
