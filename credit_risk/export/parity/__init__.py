"""Parity: the rows of a package scored by every engine at hand, and compared with the package's own arithmetic."""
