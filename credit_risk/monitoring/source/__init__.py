"""Production where it lies: mapped, looked at partition by partition, and counted by plain SQL.

    package = read_package("packages/cards")
    reference = read_reference(package)                         # bins and counts of development
    mapping = prediction_log(package, segments={"PURPOSE": "input:PURPOSE"})
    with open_production("log", mapping, package, reference=reference) as production:
        production.faults                                       # FAULT_COLUMNS: what was wrong, what was left out
        production.periods                                      # ("2026-01", "2026-02", …)
        production.counts(segments=["PURPOSE"])                 # COUNT_COLUMNS on the bins of `reference.frame()`
        production.moments(["probability", "input:INCOME"])     # MOMENT_COLUMNS
        production.distinct("score")                            # how often each value stands, for KS and Wasserstein
        production.add_outcomes("outcomes/*.parquet", OutcomesTable("pseudonym", "bad_date", "observed_until"))
        production.rows("2026-01", ["_key", "_time", "score", "bad_date", "observed_until"])  # Arrow, of one month

Tables of other forms take a mapping of their own (`ProductionTable`, `same_names`); `engine="postgres"` with `dsn=` and
`engine="spark"` with `master=` count where the rows are.
"""

from __future__ import annotations

from credit_risk.monitoring.source.counting import CountSource, SqlSource, ValueCounts
from credit_risk.monitoring.source.mapping import OutcomesTable, ProductionTable, prediction_log, same_names
from credit_risk.monitoring.source.opening import open_production

__all__ = [
    "CountSource",
    "OutcomesTable",
    "ProductionTable",
    "SqlSource",
    "ValueCounts",
    "open_production",
    "prediction_log",
    "same_names",
]
