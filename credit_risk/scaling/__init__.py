"""Scaling of the linear score to points by points to double the odds."""
