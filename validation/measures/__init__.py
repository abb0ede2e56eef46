"""Models of amounts and fractions: rebuild, comparison and battery, apart from those of a binary outcome."""
