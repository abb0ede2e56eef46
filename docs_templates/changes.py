"""What changed against an earlier package: plan, inputs, bins, coefficients, headline figures, findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docs_templates import formatting
from docs_templates.document import Absent, Spans, Table, TableColumn
from docs_templates.evidence import Cell, Column
from docs_templates.formatting import MISSING
from docs_templates.model_formulas import named, number
from docs_templates.package import Package

Json = Mapping[str, Any]
Row = tuple[str, ...]
TITLE = "Changes against the earlier version"
NO_EARLIER = "no earlier package was named (--previous): this is the first version, or none was given"
HEADLINE = {
    "performance.discrimination": ("gini", "auc", "ks"),
    "performance.calibration": ("bad_rate", "mean_probability", "slope", "brier"),
    "performance.level": ("observed_mean", "expected_mean", "ratio", "deviance_explained"),
    "performance.ranking": ("gini",),
}
SAME = "No difference."


def changes_table(package: Package, what: str, number_: str, caption: Spans) -> Table | Absent:
    """The differences of one kind between the package and the one before; a box where none was named."""
    if package.previous is None:
        return Absent("not_applicable", TITLE, NO_EARLIER)
    titles, differences, note = KINDS[what]
    rows = tuple(differences(package.previous, package))
    columns = tuple(
        TableColumn(title, mono=title in ("Before", "Now", "Path") and what != "findings") for title in titles
    )
    if not rows:
        rows = ((SAME, *[MISSING] * (len(titles) - 1)),)
    return Table(number_, caption, columns, rows, None, (note,))


# ------------------------------------------------------------------------------------------------ identity, plan
def _identity(old: Package, new: Package) -> Iterator[Row]:
    for title, path in (
        ("Model id", "model.id"),
        ("Model version", "model.version"),
        ("Source", "source.name"),
        ("Rows of the source", "source.rows"),
        ("Source, SHA-256", "source.sha256"),
        ("Snapshot, SHA-256", "snapshot.sha256"),
        ("Plan, SHA-256", "plan_sha256"),
    ):
        yield title, *(_short(_at(one.manifest, path)) for one in (old, new))
    yield "Package hash (SHA-256)", old.package_hash, new.package_hash
    yield "Champion", old.champion, new.champion


def _at(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _plan(old: Package, new: Package) -> Iterator[Row]:
    before, now = _flat(old.plan), _flat(new.plan)
    for path in sorted(before.keys() | now.keys()):
        pair = before.get(path), now.get(path)
        if pair[0] != pair[1]:
            yield path, *("not there" if value is None else value for value in pair)


def _flat(tree: Any, path: str = "") -> dict[str, str]:
    """Leaves of a plan by path, as JSON; items of a list by their `id` where they have one, else by place."""
    if isinstance(tree, dict) and tree:
        return {k: v for key, one in tree.items() for k, v in _flat(one, f"{path}.{key}" if path else key).items()}
    if isinstance(tree, list) and any(isinstance(one, dict) for one in tree):
        found: dict[str, str] = {}
        for place, one in enumerate(tree):
            name = one.get("id") if isinstance(one, dict) else None
            found |= _flat(one, f"{path}[{name or place + 1}]")
        return found
    return {path: json.dumps(tree, ensure_ascii=False)}


# ----------------------------------------------------------------------------------------------------- the model
def _inputs(old: Package, new: Package) -> Iterator[Row]:
    yield from _paired(
        {named(one["name"]): _input(one) for one in old.model["inputs"]},
        {named(one["name"]): _input(one) for one in new.model["inputs"]},
    )


def _input(one: Json) -> str:
    codes = ", ".join(json.dumps(s["code"]) for s in one["specials"])
    return f"{one['type']}; special codes: {codes or 'none'}"


def _bins(old: Package, new: Package) -> Iterator[Row]:
    before, now = _classings(old.model), _classings(new.model)
    for name in dict.fromkeys([*before, *now]):
        if name not in before or name not in now:
            count = len(before.get(name) or now[name])
            yield name, "all", *(f"{count} bins" if name in side else "not there" for side in (before, now))
            continue
        for row in _paired(before[name], now[name]):
            yield name, *row


def _classings(model: Json) -> dict[str, dict[str, str]]:
    """Bins by characteristic, or by value where one is classed more than once: what each holds, to value and points."""
    points: dict[str, list[float]] = {}
    for step in model["steps"]:
        if step["type"] == "scale" and step["form"] == "points":
            points |= {one["input"]: one["points"] for one in step["characteristics"]}
    steps = [step for step in model["steps"] if step["type"] == "classing"]
    names = [step["input"] for step in steps]
    found = {}
    for step in steps:
        own = points.get(step["output_bin"])
        key = named(step["input"] if names.count(step["input"]) == 1 else step["output_woe"])
        found[key] = {
            _holds(one): f"{number(one['woe'])}" + (f"; {number(own[one['id']])} points" if own else "")
            for one in step["bins"]
        }
    return found


def _holds(one: Json) -> str:
    parts = []
    if one["kind"] == "interval":
        lower, upper = (number(one[k]) if one[k] is not None else "open" for k in ("lower", "upper"))
        parts.append(f"from {lower} to {upper}")
    parts += [json.dumps(value, ensure_ascii=False) for value in (*one.get("values", ()), *one.get("codes", ()))]
    parts += ["missing"] if one["kind"] == "missing" or one.get("takes_missing") else []
    return ", ".join(parts) or one["kind"]


def _coefficients(old: Package, new: Package) -> Iterator[Row]:
    before, now = _terms(old.model), _terms(new.model)
    for key in dict.fromkeys([*before, *now]):
        pair = before.get(key), now.get(key)
        if pair[0] != pair[1]:
            moved = number(pair[1] - pair[0]) if pair[0] is not None and pair[1] is not None else MISSING
            yield *key, *("not there" if value is None else number(value) for value in pair), moved


def _terms(model: Json) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for step in model["steps"]:
        if step["type"] == "linear":
            out = named(step["output"])
            found[out, "intercept"] = step["intercept"]
            found |= {(out, named(term["input"])): term["coefficient"] for term in step["terms"]}
        if step["type"] == "scale" and step["form"] == "points":
            found[named(step["output"]), "base points"] = step["base_points"]
    return found


# ------------------------------------------------------------------------------------------- figures, findings
def _headline(old: Package, new: Package) -> Iterator[Row]:
    before, now = _figures(old), _figures(new)
    for key in dict.fromkeys([*before, *now]):
        about, _ = before.get(key) or now[key]
        values = [side[key][1] if key in side else None for side in (before, now)]
        write = formatting.formatter(about, values)
        moved = MISSING
        if all(isinstance(v, (int, float)) for v in values):
            moved = write(float(values[1]) - float(values[0]))  # type: ignore[arg-type]
        yield *key[:2], about.title, *(write(v) for v in values), moved


def _figures(package: Package) -> dict[tuple[str, str, str], tuple[Column, Cell]]:
    """Headline figures of the champion by evidence, sample and column."""
    found: dict[tuple[str, str, str], tuple[Column, Cell]] = {}
    words = formatting.SAMPLE_WORDS
    for identifier, names in HEADLINE.items():
        item = package.evidence.get(identifier)
        if item is None or item.is_absent:
            continue
        places = {c.name: (i, c) for i, c in enumerate(item.columns)}
        for row in item.matching([("model", package.champion, False)]):
            sample = str(row[places["sample"][0]])
            for name in (name for name in names if name in places):
                place, about = places[name]
                found[identifier, words.get(sample, sample), name] = about, row[place]
    return found


def _findings(old: Package, new: Package) -> Iterator[Row]:
    before, now = _by_id(old), _by_id(new)
    for name in dict.fromkeys([*before, *now]):
        first, last = before.get(name), now.get(name)
        about = last or first or {}
        if first is None:
            state = "new" if old.findings is not None else "found; the earlier package has no validation annex"
        elif last is None:
            state = "closed: not found again" if new.findings is not None else "not tested again: no validation annex"
        else:
            state = "remains" if first["severity"] == last["severity"] else "remains, with another severity"
        severities = [MISSING if one is None else str(one["severity"]) for one in (first, last)]
        yield name, *severities, state, str(about.get("statement", ""))


def _by_id(package: Package) -> dict[str, Json]:
    return {one["id"]: one for one in (package.findings or {}).get("findings", [])}


def _paired(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Row]:
    for name in dict.fromkeys([*before, *now]):
        pair = before.get(name), now.get(name)
        if pair[0] != pair[1]:
            yield name, *("not there" if value is None else value for value in pair)


def _short(value: Any) -> str:
    return MISSING if value is None else value if isinstance(value, str) else json.dumps(value)


Differences = Callable[[Package, Package], Iterator[Row]]
KINDS: dict[str, tuple[tuple[str, ...], Differences, str]] = {
    "identity": (("Item", "Before", "Now"), _identity, "From both manifests."),
    "plan": (
        ("Path", "Before", "Now"),
        _plan,
        "From plan.json of both, defaults written out; what is equal is left out.",
    ),
    "inputs": (("Input", "Before", "Now"), _inputs, "From model.json of both; what is equal is left out."),
    "bins": (
        ("Characteristic", "Bin", "Before", "Now"),
        _bins,
        "A bin is what it holds; before and now: its value (WoE) and points. What is equal is left out.",
    ),
    "coefficients": (
        ("Value", "Term", "Before", "Now", "Difference"),
        _coefficients,
        "From model.json of both, doubles in full; what is equal is left out.",
    ),
    "headline": (
        ("Evidence", "Sample", "Figure", "Before", "Now", "Difference"),
        _headline,
        "Of the champion of either package, from the evidence named; samples of other rows are compared as they stand.",
    ),
    "findings": (
        ("Finding", "Severity before", "Severity now", "Standing", "Statement"),
        _findings,
        "From the findings of both validations. What is not found again is closed by that, and by nothing else.",
    ),
}
