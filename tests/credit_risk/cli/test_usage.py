"""Options that would have no effect are refused before anything is read: status 2, which option, and what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk.cli.inventory_place import PLACE, POLICY
from tests.credit_risk.cli.command import credit_risk

RUN = ("run", "plan", "--out", "out")
SCORE = ("score", "package", "--input", "table.csv", "--out", "folder")
EXPLAIN = ("explain", "--key", "K", "--log", "log", "--package", "package")
MONITOR = ("monitor", "package", "--out", "out")
LOG, TABLE = ("--log", "log"), ("--table", "table", "--key", "K", "--time", "T")
BY = ("--by", "dora", "--key", "dora.pem")
INVENTORY = ("--inventory", "i.db")
REFUSED = {
    "run without an inventory": ((*RUN, "--key", "k", "--policy", "p"), "--key and --policy go with --inventory"),
    "run without a store": ((*RUN, "--secret-file", "s"), "--secret-file goes with --protected"),
    "run without a store, a purpose": (
        (*RUN, *INVENTORY, "--by", "dora", "--purpose", "fairness_testing", "--secret-file", "s"),
        "--secret-file and --purpose go with --protected",
    ),
    "reproduce without a store": (
        ("reproduce", "package", *INVENTORY, *BY, "--policy", "p", "--secret-file", "s", "--purpose", "x"),
        "--inventory, --by, --key, --policy, --secret-file and --purpose go with --protected",
    ),
    "parity that writes nothing": (("parity", "package", "--dry", *INVENTORY), "--inventory has no effect with --dry"),
    "score without a log": (
        (*SCORE, "--secret-file", "s", "--log-inputs"), "--secret-file and --log-inputs go with --log"),
    "score by DuckDB": ((*SCORE, "--dsn", "d"), "--dsn goes with --engine postgres"),
    "score by PostgreSQL": ((*SCORE, "--engine", "postgres", "--master", "m"), "--master goes with --engine spark"),
    "erase by day": (
        ("log", "erase", "log", "--before", "2026-01-01", "--secret-file", "s"), "--secret-file goes with --key"),
    "explain without letters": ((*EXPLAIN, "--house", "h.yaml"), "--house goes with --out"),
    "monitor a table": ((*MONITOR, *TABLE, "--packages", "p"), "--packages goes with --log"),
    "monitor a table, no replay": ((*MONITOR, *TABLE, "--no-replay"), "--no-replay goes with --log"),
    "monitor words of no decision": (
        (*MONITOR, *TABLE, "--approved", "a", "--declined", "d"), "--approved and --declined go with --decision"),
    "monitor a log": (
        (*MONITOR, *LOG, "--time-zone", "UTC", "--package-column", "P", "--approved", "a", "--declined", "d"),
        "leave out --time-zone, --package-column, --approved and --declined, or name the rows with --table",
    ),
    "monitor a log, two ways of replay": (
        (*MONITOR, *LOG, "--no-replay", "--packages", "p"), "--packages has no effect with --no-replay"),
    "monitor without outcomes": (
        (*MONITOR, *LOG, "--outcome-key", "k", "--bad-date", "b", "--observed-until", "o", "--secret-file", "s"),
        "--outcome-key, --bad-date, --observed-until and --secret-file go with --outcomes",
    ),
    "monitor by DuckDB": ((*MONITOR, *LOG, "--dsn", "d"), "--dsn goes with --engine postgres"),
    "monitor by DuckDB, a master": ((*MONITOR, *LOG, "--master", "m"), "--master goes with --engine spark"),
    "the log of development": (
        ("inventory", "development", "m", *INVENTORY, "--key", "k"), "--key goes with --package"),
    "a reason of no override": (
        ("inventory", "tier", "m", *INVENTORY, *BY, "--reason", "r"), "--reason goes with --override"),
    "no package is submitted": (
        ("inventory", "submit", "m", "1", *INVENTORY, *BY, "--developer", "d", "--previous", "p"),
        "--developer and --previous go with --package",
    ),
    "all findings of all models": (("inventory", "finding", "list", *INVENTORY, "--all"), "--all goes with MODEL"),
    "overdue findings, and all": (
        ("inventory", "finding", "list", "m", *INVENTORY, "--all", "--overdue"), "--all has no effect with --overdue"),
    "the default policy is written": (
        ("inventory", "policy", "--policy", "p.yaml", "--write", "out.yaml"), "--policy has no effect with --write"),
    "rights without an inventory": (("inventory", "rights", *INVENTORY), "unrecognized arguments: --inventory"),
    "a policy of an upgrade": (
        ("inventory", "upgrade", *INVENTORY, "--policy", "p"), "unrecognized arguments: --policy"),
    "a trail of a file": (
        ("audit", "verify", "--file", "audit.jsonl", *INVENTORY), "--inventory has no effect with --file"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_options_without_effect_are_refused(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (PLACE, POLICY):
        monkeypatch.delenv(name, raising=False)
    arguments, words = REFUSED[case]
    ended = credit_risk(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert words in ended.err, ended.err
    assert "Traceback" not in ended.err
    assert "refused: " in ended.err or ended.err.startswith("usage: ")
    assert not list(tmp_path.iterdir())


def test_places_of_the_environment_are_no_options_that_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An inventory that the environment names stands in nobody's way where a file of the trail is verified."""
    monkeypatch.setenv(PLACE, str(tmp_path / "i.db"))
    monkeypatch.setenv(POLICY, str(tmp_path / "p.yaml"))
    (tmp_path / "audit.jsonl").write_bytes(b"")
    ended = credit_risk("audit", "verify", "--file", tmp_path / "audit.jsonl")
    assert "no effect" not in ended.err
    written = credit_risk("inventory", "policy", "--write", tmp_path / "p.yaml")
    assert (written.status, written.err) == (0, "")
