"""Gradient boosting of trees for a yes-or-no outcome, trained again from the rows and the stated settings alone.

The modules are the algorithm of xgboost's `binary:logistic` in the order in which it works, each with its arithmetic:

`settings` what training is told; `numbers32` exp and ln in single precision; `cuts` the values that may be thresholds;
`gradients` slope and curvature of the log loss at each row; `gain` what a leaf is worth and what its value is;
`bounds` what monotone directions and groups of features forbid; `histograms` sums of the gradients by value;
`splits` the best split of a node from its histograms; `exact` the same from sorted values; `growth` one tree;
`pruning` splits taken back (exact only); `training` tree after tree; `differences` two forests node by node.
"""
