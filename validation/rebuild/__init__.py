"""The rebuild: counts, WoE, regression, points and metrics computed again from the snapshot alone."""
