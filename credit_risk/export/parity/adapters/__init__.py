"""Engines of the parity report, one module each; a module imports its engine only when it runs it."""
