"""Classing: fine and coarse bins, weight of evidence, information value.

optbinning is asked for cut points alone; counts, weights of evidence, specials, missing, labels and storage are ours.
"""
