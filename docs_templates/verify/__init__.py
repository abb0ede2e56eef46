"""Reads a rendered document back and holds it against the package that it cites."""
