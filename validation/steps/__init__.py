"""The steps of model.json, one family a module; each function computes a step over all rows at once."""
