"""Columns of the tables that pass between the modules of monitoring."""

from __future__ import annotations

ALL = "all"
"""The segment of every row; others are written `column=value`."""

REFERENCE_COLUMNS = ["variable", "bin", "label", "kind", "lower", "upper", "rows", "effect"]
"""A row each bin of development: kind is interval, categories, special, missing or unseen; lower <= x < upper.

`rows` are of development, weighted where development is; `effect` is what the bin adds to the linear score (log-odds of
bad), or NaN where the model adds nothing by bins.
"""

COUNT_COLUMNS = ["period", "segment", "variable", "bin", "rows"]
"""A row each bin that production has rows in: period is YYYY-MM (UTC), bin the id of the package's classing."""

MOMENT_COLUMNS = ["period", "segment", "quantity", "rows", "missing", "mean", "variance"]
"""Sums of outputs (linear_score, probability, score) and of numeric inputs: variance with n - 1."""

FAULT_COLUMNS = ["partition", "period", "code", "message", "rows", "left_out", "remedy"]
"""Faults of parts of production: `rows` are concerned, `left_out` of them are in no count. Empty texts: none."""

PARTITION_COLUMNS = ["partition", "rows", "counted", "left_out", "first", "last"]
"""A row each partition: how many of its rows are counted, and the first and last moment (UTC) of these."""
