"""A small model package made without the validator's code."""
