"""What a validation says on the terminal: lines of text, no printing here."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from validation.annex import Written
from validation.compare import Comparison
from validation.names import printable
from validation.policy import SEVERITIES
from validation.run import ValidationRun

WIDTH = 118
SHOWN = 12
"""Findings that are told in full, and tests that could not be evaluated, where not everything is asked for."""


def lines_of(
    run: ValidationRun, written: Written, compared: Mapping[str, Any] | None = None, *, everything: bool = False
) -> list[str]:
    """Return the summary of a run, line by line; `everything` has each comparison and test, `compared` a retest.

    Control characters of names are told as escapes.
    """
    model = run.findings["model"]
    lines = [
        f"Validation of {model['name']} ({model['id']} {model['version']})",
        f"  package  {run.package.name}",
        f"  hash     {run.package.hash}",
        f"  policy   {run.policy.name} {run.policy.version}, sha256 {run.policy.sha256}",
        "",
        *(_comparisons(run.comparisons) if everything else _areas(run.comparisons)),
        "",
        *_tests(run, everything),
        "",
        *_findings(run, everything),
    ]
    if compared is not None:
        lines += ["", *_retest(compared)]
    lines += ["", f"Recommendation: {run.recommendation.replace('_', ' ')} (proposed; a validator concludes)", ""]
    if written.repeated:
        lines.append(
            f"The same as run {written.number}, which stands in {_folder(written.paths)}; nothing was written."
        )
    else:
        lines.append(f"Written: run {written.number}, {len(written.paths)} files in {_folder(written.paths)}")
    if not everything:
        lines.append("Every comparison and test: --all")
    return [printable(line) for line in lines]


def _areas(comparisons: Sequence[Comparison]) -> list[str]:
    """One line for each area of the package: how much was compared, what differs, and where most."""
    groups: dict[str, list[Comparison]] = {}
    for item in comparisons:
        groups.setdefault(area_of(item.area), []).append(item)
    rows: list[tuple[str, ...]] = [("area", "quantities", "values", "beyond", "worst place")]
    for name, items in groups.items():
        wrong = [item for item in items if item.breaches]
        worst = min(wrong, key=lambda item: SEVERITIES.index(item.grade.severity) if item.grade else 0, default=None)
        place = "" if worst is None or worst.worst is None else f"{worst.area}: {worst.quantity} at {worst.worst[0]}"
        counts = (len(items), sum(item.compared for item in items), sum(item.breaches for item in items))
        rows.append((name, *(f"{count:,}" for count in counts), place))
    return _table(rows, {1, 2, 3})


def area_of(area: str) -> str:
    """The part of the package that an area of comparison belongs to: the first word of evidence ids, else the file."""
    word = area.split(" ", 1)[0]
    if word.startswith("challengers/"):
        return "challengers"
    return word if word.endswith((".json", ".csv", ".parquet")) else word.split(".", 1)[0]


def _comparisons(comparisons: Sequence[Comparison]) -> list[str]:
    rows = [("area", "quantity", "values", "largest", "tolerance", "outcome")]
    for item in comparisons:
        tolerance = (
            "equal" if item.tolerance.kind == "exact" else f"{item.tolerance.value:.0e} {item.tolerance.kind[:3]}"
        )
        largest = f"{item.largest:.1e}" if math.isfinite(item.largest) else "unequal"
        outcome = item.outcome if item.grade is None else f"{item.outcome} ({item.grade.severity})"
        rows.append((item.area, item.quantity, f"{item.compared:,}", largest, tolerance, outcome))
    return _table(rows, {2, 3})


def _table(rows: Sequence[tuple[str, ...]], right: set[int]) -> list[str]:
    widths = [min(44, max(len(row[column]) for row in rows)) for column in range(len(rows[0]))]
    widths[-1] = max(len(row[-1]) for row in rows)
    return [
        "  " + "  ".join(_fit(cell, widths[column], column in right) for column, cell in enumerate(row)).rstrip()
        for row in rows
    ]


def _fit(text: str, width: int, right: bool) -> str:
    text = text if len(text) <= width else text[: width - 1] + "…"
    return text.rjust(width) if right else text.ljust(width)


def _tests(run: ValidationRun, everything: bool) -> list[str]:
    counts = {
        word: sum(item.outcome == word for item in run.outcomes) for word in ("pass", "review", "fail", "not_evaluable")
    }
    line = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items() if count)
    lines = [f"Tests: {line}"]
    absent = [item for item in run.outcomes if item.outcome == "not_evaluable"]
    if everything:
        return lines + [f"  not evaluable: {item.test} ({item.reason})" for item in absent]
    groups: dict[str, list[str]] = {}
    for item in absent:
        groups.setdefault(str(item.reason), []).append(item.test)
    shown = sorted(groups.items(), key=lambda pair: -len(pair[1]))
    for reason, tests in shown[:SHOWN]:
        more = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
        lines += _wrapped(f"not evaluable: {tests[0]}{more} ({reason})", "  ")
    rest = sum(len(tests) for _, tests in shown[SHOWN:])
    return [*lines, f"  not evaluable: {rest} more, of other reasons"] if rest else lines


def _findings(run: ValidationRun, everything: bool) -> list[str]:
    counts, found = run.findings["counts"], run.findings["findings"]
    lines = ["Findings: " + (", ".join(_counted(counts[s], s) for s in SEVERITIES if counts[s]) or "none")]
    for item in found if everything else found[:SHOWN]:
        lines += _wrapped(f"[{item['severity']}] {item['id']}: {item['statement']}", "  ")
        sides = [side for side in ("developer", "validator") if item[f"{side}_value"] is not None]
        if sides:
            lines.append("      " + ", ".join(f"{side} {item[f'{side}_value']!r}" for side in sides))
    rest = 0 if everything else len(found) - SHOWN
    return [*lines, f"  … and {rest} more, none severer, in findings.json"] if rest > 0 else lines


def _counted(count: int, severity: str) -> str:
    """A count of findings in words: 2 high, 1 observation, 8 observations."""
    several = "s" if severity == "observation" and count != 1 else ""
    return f"{count:,} {severity}{several}"


def _retest(compared: Mapping[str, Any]) -> list[str]:
    counts = compared["counts"]
    words = ", ".join(f"{count} {change.replace('_', ' ')}" for change, count in counts.items() if count)
    earlier = compared["earlier"]
    package = f"{earlier['model']['version']} ({earlier['package_hash'][:12]}…)"
    lines = [f"Against the validation of {package}: {words or 'no findings'}"]
    for row in compared["findings"]:
        moved = f"{row['severity_before'] or '-'} → {row['severity_now'] or '-'}"
        lines.append(f"  {row['change'].replace('_', ' '):<16}  {moved:<24}  {row['id']}")
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "    ", break_long_words=False)


def _folder(written: Sequence[Path]) -> str:
    return str(min(written, key=lambda path: len(path.parts)).parent)
