"""What changed against an earlier package: plan, inputs, bins, coefficients, headline figures, findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docs_templates import formatting
from docs_templates.document import Absent, Spans, Table, TableColumn
from docs_templates.evidence import Cell, Column
from docs_templates.formatting import MISSING
from docs_templates.language import current, say
from docs_templates.model_formulas import named, number
from docs_templates.package import Package

Json = Mapping[str, Any]
Row = tuple[str, ...]
HEADLINE = {
    "performance.discrimination": ("gini", "auc", "ks"),
    "performance.calibration": ("bad_rate", "mean_probability", "slope", "brier"),
    "performance.level": ("observed_mean", "expected_mean", "ratio", "deviance_explained"),
    "performance.ranking": ("gini",),
}


def changes_table(package: Package, what: str, number_: str, caption: Spans) -> Table | Absent:
    """The differences of one kind between the package and the one before; a box where none was named."""
    if package.previous is None:
        return Absent("not_applicable", say("changes.title"), say("changes.no_earlier"))
    names, differences = KINDS[what]
    rows = tuple(differences(package.previous, package))
    columns = tuple(
        TableColumn(say(f"changes.column_{name}"), mono=name in ("before", "now", "path")) for name in names
    )
    if not rows:
        rows = ((say("changes.same"), *[MISSING] * (len(names) - 1)),)
    return Table(number_, caption, columns, rows, None, (say(f"changes.note_{what}"),))


# ------------------------------------------------------------------------------------------------ identity, plan
def _identity(old: Package, new: Package) -> Iterator[Row]:
    for title, path in (
        (say("changes.model_id"), "model.id"),
        (say("changes.model_version"), "model.version"),
        (say("changes.source"), "source.name"),
        (say("changes.rows_source"), "source.rows"),
        (say("changes.source_sha_256"), "source.sha256"),
        (say("changes.snapshot_sha_256"), "snapshot.sha256"),
        (say("changes.plan_sha_256"), "plan_sha256"),
    ):
        yield title, *(_short(_at(one.manifest, path)) for one in (old, new))
    yield say("changes.package_hash_sha_256"), old.package_hash, new.package_hash
    yield say("changes.champion"), old.champion, new.champion


def _at(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _plan(old: Package, new: Package) -> Iterator[Row]:
    before, now = _flat(old.plan), _flat(new.plan)
    for path in sorted(before.keys() | now.keys()):
        pair = before.get(path), now.get(path)
        if pair[0] != pair[1]:
            yield path, *(say("changes.not_there") if value is None else value for value in pair)


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
    return say("changes.special_codes", type=one["type"], codes=codes or say("changes.none"))


def _bins(old: Package, new: Package) -> Iterator[Row]:
    before, now = _classings(old.model), _classings(new.model)
    for name in dict.fromkeys([*before, *now]):
        if name not in before or name not in now:
            count = len(before.get(name) or now[name])
            yield (
                name,
                say("changes.all"),
                *(
                    say("changes.bins", count=count) if name in side else say("changes.not_there")
                    for side in (before, now)
                ),
            )
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
            _holds(one): f"{number(one['woe'])}" + (say("changes.points", points=number(own[one["id"]])) if own else "")
            for one in step["bins"]
        }
    return found


def _holds(one: Json) -> str:
    parts = []
    if one["kind"] == "interval":
        lower, upper = (number(one[k]) if one[k] is not None else say("changes.open") for k in ("lower", "upper"))
        parts.append(say("changes.from", lower=lower, upper=upper))
    parts += [json.dumps(value, ensure_ascii=False) for value in (*one.get("values", ()), *one.get("codes", ()))]
    parts += [say("changes.missing")] if one["kind"] == "missing" or one.get("takes_missing") else []
    return ", ".join(parts) or say(f"changes.kind_{one['kind']}")


def _coefficients(old: Package, new: Package) -> Iterator[Row]:
    before, now = _terms(old.model), _terms(new.model)
    for key in dict.fromkeys([*before, *now]):
        pair = before.get(key), now.get(key)
        if pair[0] != pair[1]:
            moved = number(pair[1] - pair[0]) if pair[0] is not None and pair[1] is not None else MISSING
            yield *key, *(say("changes.not_there") if value is None else number(value) for value in pair), moved


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
    words = current().values["sample"]
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
            state = say("changes.new") if old.findings is not None else say("changes.found_earlier_package_has_no")
        elif last is None:
            state = (
                say("changes.closed_not_found_again")
                if new.findings is not None
                else say("changes.not_tested_again_no_validation")
            )
        else:
            state = (
                say("changes.remains")
                if first["severity"] == last["severity"]
                else say("changes.remains_with_another_severity")
            )
        severities = [
            MISSING if one is None else formatting.word("severity", str(one["severity"])) for one in (first, last)
        ]
        yield name, *severities, state, str(about.get("statement", ""))


def _by_id(package: Package) -> dict[str, Json]:
    return {one["id"]: one for one in (package.findings or {}).get("findings", [])}


def _paired(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Row]:
    for name in dict.fromkeys([*before, *now]):
        pair = before.get(name), now.get(name)
        if pair[0] != pair[1]:
            yield name, *(say("changes.not_there") if value is None else value for value in pair)


def _short(value: Any) -> str:
    return MISSING if value is None else value if isinstance(value, str) else json.dumps(value)


Differences = Callable[[Package, Package], Iterator[Row]]
KINDS: dict[str, tuple[tuple[str, ...], Differences]] = {
    "identity": (("item", "before", "now"), _identity),
    "plan": (("path", "before", "now"), _plan),
    "inputs": (("input", "before", "now"), _inputs),
    "bins": (("characteristic", "bin", "before", "now"), _bins),
    "coefficients": (("value", "term", "before", "now", "difference"), _coefficients),
    "headline": (("evidence", "sample", "figure", "before", "now", "difference"), _headline),
    "findings": (("finding", "severity_before", "severity_now", "standing", "statement"), _findings),
}
