"""Tables that the documents make themselves, from the manifest, the model, the registry and what is absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from docs_templates import formatting
from docs_templates.clauses import CONFIDENCE, Registry
from docs_templates.document import Attachment, Span, Spans, Table, TableColumn
from docs_templates.evidence import Evidence
from docs_templates.package import Package

NOT_PROVIDED = "not provided"
STEP_INPUTS = ("input", "inputs", "features", "terms", "characteristics", "cases")
STEP_OUTPUTS = ("output", "output_bin", "output_woe")


NOT_SEALED = "not sealed: the package carries no signature annex"


def brief_items(package: Package, identifier: str, moment: datetime) -> tuple[tuple[str, str], ...]:
    """Control lines of a brief document, label and text: the same facts in fewer lines."""
    model = package.manifest["model"]
    tier, owner = _authored(package, "authored.tier"), _authored(package, "authored.owner")
    items = [
        ("Model", f"{model['id']} {model['version']} · tier {tier} · owner: {owner}"),
        ("Document", f"{identifier} · rendered {moment.strftime('%Y-%m-%d %H:%M:%S')} UTC"),
        ("Package hash (SHA-256)", package.package_hash),
    ]
    if package.findings is not None and package.validation is not None:
        policy, made = package.findings["policy"], package.validation["created"].replace("T", " ").rstrip("Z")
        items.append(("Validated", f"{made} UTC, policy {policy['name']} {policy['version']}"))
    return (*items, ("Sealing date", NOT_SEALED))


def control_items(package: Package, title: str, identifier: str, moment: datetime) -> tuple[tuple[str, str], ...]:
    """Lines of the control page, label and text."""
    manifest = package.manifest
    model = manifest["model"]
    items = [
        ("Model", model["name"]),
        ("Model id", model["id"]),
        ("Model version", model["version"]),
        ("Owner", _authored(package, "authored.owner")),
        ("Risk tier", _authored(package, "authored.tier")),
        ("Document", title),
        ("Document id", identifier),
        ("Rendered (UTC)", moment.strftime("%Y-%m-%d %H:%M:%S")),
        ("Sealing date", NOT_SEALED),
        ("Package hash (SHA-256)", package.package_hash),
        ("Source of data", f"{manifest['source']['name']} ({manifest['source']['rows']:,} rows)"),
        ("Source hash (SHA-256)", manifest["source"]["sha256"]),
    ]
    if package.findings is not None and package.validation is not None:
        policy, validator = package.findings["policy"], package.findings["validator"]
        items += [
            ("Validated (UTC)", package.validation["created"].replace("T", " ").rstrip("Z")),
            ("Validator's program", f"{validator['program']} {validator['version']}"),
            ("Validator's policy", f"{policy['name']} {policy['version']}"),
            ("Policy hash (SHA-256)", policy["sha256"]),
        ]
    return tuple(items)


def attachments(package: Package) -> list[Attachment]:
    """The files of the package that its documents carry: what it holds with all hashes, and the model itself."""
    said = {
        "manifest.json": "Manifest of the model package: every sealed file with its SHA-256",
        "model.json": "The model, step by step",
        "validation/manifest.json": "Manifest of the validation annex: every file with its SHA-256",
    }
    return [
        Attachment(name.replace("/", "_"), package.sources[name], text, relationship="Source")
        for name, text in said.items()
        if name in package.sources
    ]


def _authored(package: Package, identifier: str) -> str:
    item = package.evidence.get(identifier)
    return item.raw["text"] if item is not None and item.kind == "statement" else NOT_PROVIDED


def steps_table(package: Package, number: str, caption: Spans) -> Table:
    """The ordered steps of model.json."""
    rows = []
    for position, step in enumerate(package.model.get("steps", []), start=1):
        outputs = [str(step[key]) for key in STEP_OUTPUTS if isinstance(step.get(key), str)]
        if "characteristics" in step and step["type"] in ("scale", "attribution"):
            outputs = [*outputs, f"and {len(step['characteristics'])} of the characteristics"]
        rows.append((str(position), step["type"], _inputs(step), ", ".join(outputs)))
    columns = (TableColumn("Step", "right"), TableColumn("Type"), TableColumn("Reads"), TableColumn("Produces"))
    note = "In order of evaluation, from model.json; names as in the file."
    return Table(number, caption or (Span("Steps of the model"),), columns, tuple(rows), None, (note,))


def _inputs(step: Mapping[str, Any]) -> str:
    names: list[str] = []
    for key in STEP_INPUTS:
        value = step.get(key)
        if isinstance(value, str):
            names.append(value)
        for item in value if isinstance(value, list) else []:
            name = item if isinstance(item, str) else item.get("input") or item.get("value")
            names += [str(name)] if name is not None else []
            names += [] if isinstance(item, str) else [str(feature) for feature in item.get("features", [])]
    names += sorted(_expression_names(step.get("expression") or step.get("condition")))
    names += [str(step["offset"])] if isinstance(step.get("offset"), str) else []
    return ", ".join(dict.fromkeys(names)) or formatting.MISSING


def _expression_names(tree: Any) -> set[str]:
    if not isinstance(tree, dict):
        return set()
    found = {tree["ref"]} if "ref" in tree else set()
    return found.union(*(_expression_names(child) for child in tree.get("args", [])))


def files_table(package: Package, number: str, caption: Spans) -> Table:
    """Core files of the package other than evidence, with size and hash."""
    files = package.manifest["files"]
    rows = tuple(
        (name, f"{entry['bytes']:,}", two_lines(entry["sha256"]))
        for name, entry in sorted(files.items())
        if not name.startswith("evidence/")
    )
    columns = (TableColumn("File", mono=True), TableColumn("Bytes", "right"), TableColumn("SHA-256", mono=True))
    evidence = len(files) - len(rows)
    note = f"The manifest also lists {evidence:,} files of evidence; those printed here are in the evidence index."
    return Table(number, caption or (Span("Sealed files of the package"),), columns, rows, None, (note,))


def two_lines(digest: str) -> str:
    """A SHA-256 in two lines of 32 digits."""
    return f"{digest[:32]}\n{digest[32:]}"


def libraries_table(package: Package, number: str, caption: Spans) -> Table:
    """Library versions of the development run."""
    rows = tuple(sorted((str(k), str(v)) for k, v in package.manifest["libraries"].items()))
    columns = (TableColumn("Library"), TableColumn("Version"))
    return Table(number, caption or (Span("Libraries of the development run"),), columns, rows)


def clauses_table(
    registry: Registry, cited: Mapping[str, Sequence[str]], day: date, number: str, caption: Spans
) -> Table:
    """Clauses that the document cites: what each asks for, where it is addressed, how well its text is known."""
    rows = []
    on = max(day, registry.as_of)
    for identifier in sorted(cited, key=lambda i: registry.clauses[i].citation):
        clause = registry.clauses[identifier]
        where = ", ".join(cited[identifier])
        rows.append((clause.citation, clause.asks, where, clause.standing(on), CONFIDENCE[clause.confidence]))
    titles = ("Clause", "What it asks for", "Addressed in", "Standing", "Citation checked against")
    note = f"Registry of clauses as of {registry.as_of.isoformat()}. Organised to these clauses; nothing is certified."
    columns = tuple(TableColumn(title) for title in titles)
    return Table(number, caption or (Span("Clauses cited"),), columns, tuple(rows), None, (note,))


def missing_table(
    used: Iterable[Evidence], not_held: Sequence[tuple[str, str, str]], number: str, caption: Spans
) -> Table:
    """What is not provided, does not apply, or is not held by the package."""
    order = {"not_provided": 0, "not_applicable": 1}
    absent = sorted((e for e in used if e.is_absent), key=lambda e: order[e.kind])
    words = {"not_provided": "not provided by the author", "not_applicable": "not applicable"}
    rows = [(e.title, words[e.kind], e.reason, e.id) for e in absent]
    rows += [(item, "not held by this package", reason, _place(section)) for item, section, reason in not_held]
    if not rows:
        rows = [("Nothing", formatting.MISSING, "everything that the template asks for is held", formatting.MISSING)]
    titles = ("Item", "Standing", "Reason", "Evidence or section")
    columns = tuple(TableColumn(title) for title in titles)
    return Table(number, caption or (Span("What is missing"),), columns, tuple(rows))


def _place(section: str) -> str:
    """A chapter or section by its number, an annex by its letter."""
    return section if section.startswith("Annex") else f"section {section}"
