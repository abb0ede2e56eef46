"""Drift of the data: counts and reference frames in, tidy frames out (`columns` says which).

Every test is beside chance: `stability` of the score and of characteristics, `distances`, `attribution` of drift to
the score and the probability, a `domain` classifier, `quality` of the data by the contract, and the likeliest `cause`.
"""
