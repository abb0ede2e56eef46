"""Tables that the documents make themselves, from the manifest, the model, the registry and what is absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from docs_templates import formatting
from docs_templates.clauses import Registry
from docs_templates.document import Attachment, Span, Spans, Table, TableColumn
from docs_templates.evidence import Evidence
from docs_templates.formatting import whole
from docs_templates.language import current, day, instant, say, told
from docs_templates.package import Package

STEP_INPUTS = ("input", "inputs", "features", "terms", "characteristics", "cases")
STEP_OUTPUTS = ("output", "output_bin", "output_woe")


def brief_items(package: Package, identifier: str, moment: datetime) -> tuple[tuple[str, str], ...]:
    """Control lines of a brief document, label and text: the same facts in fewer lines."""
    model = package.manifest["model"]
    tier, owner = _authored(package, "authored.tier"), _authored(package, "authored.owner")
    items = [
        (say("made.model"), say("made.tier_owner", id=model["id"], version=model["version"], tier=tier, owner=owner)),
        (say("made.document"), say("made.identifier_rendered", identifier=identifier, moment=instant(moment))),
        (say("made.package_hash"), package.package_hash),
    ]
    if package.findings is not None and package.validation is not None:
        policy, made = package.findings["policy"], _created(package.validation)
        items.append(
            (say("made.validated"), say("made.utc_policy", made=made, name=policy["name"], version=policy["version"]))
        )
    return (*items, (say("made.sealing_date"), say("made.not_sealed")), *_language())


def control_items(package: Package, title: str, identifier: str, moment: datetime) -> tuple[tuple[str, str], ...]:
    """Lines of the control page, label and text."""
    manifest = package.manifest
    model = manifest["model"]
    items = [
        (say("made.model"), model["name"]),
        (say("made.model_id"), model["id"]),
        (say("made.model_version"), model["version"]),
        (say("made.owner"), _authored(package, "authored.owner")),
        (say("made.risk_tier"), _authored(package, "authored.tier")),
        (say("made.document"), title),
        (say("made.document_id"), identifier),
        (say("made.rendered_utc"), instant(moment)),
        (say("made.sealing_date"), say("made.not_sealed")),
        (say("made.package_hash"), package.package_hash),
        (
            say("made.source_data"),
            say("made.rows", name=manifest["source"]["name"], rows=whole(manifest["source"]["rows"])),
        ),
        (say("made.source_hash_sha_256"), manifest["source"]["sha256"]),
    ]
    if package.findings is not None and package.validation is not None:
        policy, validator = package.findings["policy"], package.findings["validator"]
        items += [
            (say("made.validated_utc"), _created(package.validation)),
            (say("made.validator_s_program"), f"{validator['program']} {validator['version']}"),
            (say("made.validator_s_policy"), f"{policy['name']} {policy['version']}"),
            (say("made.policy_hash_sha_256"), policy["sha256"]),
        ]
    return (*items, *_language())


def _language() -> list[tuple[str, str]]:
    """The line that names the language, and what is borrowed from English; none in English."""
    spoken = current()
    if spoken.is_english:
        return []
    lines = [(say("made.language"), f"{spoken.name} ({spoken.code})")]
    if spoken.borrowed:
        lines.append((say("made.borrowed"), say("made.borrowed_what", count=whole(len(spoken.borrowed)))))
    return lines


def _created(annex: Mapping[str, Any]) -> str:
    """When an annex was made, as the language writes it; as it stands where it is no moment."""
    text = str(annex["created"])
    try:
        return instant(datetime.fromisoformat(text))
    except ValueError:
        return text.replace("T", " ").rstrip("Z")


def attachments(package: Package) -> list[Attachment]:
    """The files of the package that its documents carry: what it holds with all hashes, and the model itself."""
    said = {
        "manifest.json": say("made.manifest_model_package_every_sealed"),
        "model.json": say("made.model_step_step"),
        "validation/manifest.json": say("made.manifest_validation_annex_every_file"),
    }
    return [
        Attachment(name.replace("/", "_"), package.sources[name], text, relationship="Source")
        for name, text in said.items()
        if name in package.sources
    ]


def _authored(package: Package, identifier: str) -> str:
    item = package.evidence.get(identifier)
    return item.raw["text"] if item is not None and item.kind == "statement" else say("made.not_provided")


def steps_table(package: Package, number: str, caption: Spans) -> Table:
    """The ordered steps of model.json."""
    rows = []
    for position, step in enumerate(package.model.get("steps", []), start=1):
        outputs = [str(step[key]) for key in STEP_OUTPUTS if isinstance(step.get(key), str)]
        if "characteristics" in step and step["type"] in ("scale", "attribution"):
            outputs = [*outputs, say("made.characteristics", characteristics=len(step["characteristics"]))]
        rows.append((str(position), step["type"], _inputs(step), ", ".join(outputs)))
    columns = (
        TableColumn(say("made.step"), "right"),
        TableColumn(say("made.type")),
        TableColumn(say("made.reads")),
        TableColumn(say("made.produces")),
    )
    note = say("made.order_evaluation_from_model_json")
    return Table(number, caption or (Span(say("made.steps_model")),), columns, tuple(rows), None, (note,))


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
        (name, whole(entry["bytes"]), two_lines(entry["sha256"]))
        for name, entry in sorted(files.items())
        if not name.startswith("evidence/")
    )
    columns = (
        TableColumn(say("made.file"), mono=True),
        TableColumn(say("made.bytes"), "right"),
        TableColumn("SHA-256", mono=True),
    )
    evidence = len(files) - len(rows)
    note = say("made.manifest_also_lists_files_evidence", evidence=whole(evidence))
    return Table(number, caption or (Span(say("made.sealed_files_package")),), columns, rows, None, (note,))


def two_lines(digest: str) -> str:
    """A SHA-256 in two lines of 32 digits."""
    return f"{digest[:32]}\n{digest[32:]}"


def libraries_table(package: Package, number: str, caption: Spans) -> Table:
    """Library versions of the development run."""
    rows = tuple(sorted((str(k), str(v)) for k, v in package.manifest["libraries"].items()))
    columns = (TableColumn(say("made.library")), TableColumn(say("made.version")))
    return Table(number, caption or (Span(say("made.libraries_development_run")),), columns, rows)


def clauses_table(
    registry: Registry, cited: Mapping[str, Sequence[str]], on: date, number: str, caption: Spans
) -> Table:
    """Clauses that the document cites: what each asks for, where it is addressed, how well its text is known."""
    rows = []
    on = max(on, registry.as_of)
    for identifier in sorted(cited, key=lambda i: registry.clauses[i].citation):
        clause = registry.clauses[identifier]
        where = ", ".join(cited[identifier])
        checked = say(f"clauses.checked_{clause.confidence.lower()}")
        rows.append((clause.citation, told(clause.asks), where, clause.standing(on), checked))
    titles = (
        say("made.clause"),
        say("made.what_asks"),
        say("made.addressed"),
        say("made.standing"),
        say("made.citation_checked_against"),
    )
    note = say("made.registry_clauses_as_organised_these", as_of=day(registry.as_of))
    columns = tuple(TableColumn(title) for title in titles)
    return Table(number, caption or (Span(say("made.clauses_cited")),), columns, tuple(rows), None, (note,))


def missing_table(
    used: Iterable[Evidence], not_held: Sequence[tuple[str, str, str]], number: str, caption: Spans
) -> Table:
    """What is not provided, does not apply, or is not held by the package."""
    order = {"not_provided": 0, "not_applicable": 1}
    absent = sorted((e for e in used if e.is_absent), key=lambda e: order[e.kind])
    words = {"not_provided": say("made.not_provided_author"), "not_applicable": say("made.not_applicable")}
    rows = [(e.title, words[e.kind], e.reason, e.id) for e in absent]
    rows += [(item, say("made.not_held_this_package"), reason, _place(section)) for item, section, reason in not_held]
    if not rows:
        rows = [
            (say("made.nothing"), formatting.MISSING, say("made.everything_template_asks_held"), formatting.MISSING)
        ]
    titles = (say("made.item"), say("made.standing"), say("made.reason"), say("made.evidence_or_section"))
    columns = tuple(TableColumn(title) for title in titles)
    return Table(number, caption or (Span(say("made.what_missing")),), columns, tuple(rows))


def _place(section: str) -> str:
    """A chapter or section by its number, an annex by its letter."""
    return say("made.section", section=section) if section[0].isdigit() or section[1:2] == "." else section
