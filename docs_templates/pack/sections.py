"""What the page of a pack says: verdicts, findings, documents, plots, evidence, lineage, dictionary, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docs_templates import formatting
from docs_templates.document import Figure, plain
from docs_templates.evidence import Evidence
from docs_templates.language import say
from docs_templates.pack.dictionary import titles
from docs_templates.pack.page import link, table, text
from docs_templates.package import Package

WIDTH, HEIGHT = 480.0, 190.0
SEVERITIES = ("critical", "high", "medium", "low", "observation")


def head(package: Package, name: str) -> str:
    """Heading of the page and what identifies the model."""
    model = package.manifest["model"]
    items = (
        (say("pack.model"), f"{model['name']} ({model['id']})"),
        (say("pack.version"), model["version"]),
        (say("pack.package_hash_sha_256"), package.package_hash),
        (say("pack.pack"), name),
    )
    return f"<h1>{text(model['name'])}</h1>{_list(items)}"


def _list(items: Sequence[tuple[str, object]]) -> str:
    return "<dl>" + "".join(f"<dt>{text(label)}</dt><dd>{text(value)}</dd>" for label, value in items) + "</dl>"


def verdicts(package: Package) -> str:
    """Recommendation of the validator, conclusion and counts; that there is none where the package has no annex."""
    findings = package.findings
    if findings is None:
        words = f"<strong>{text(say('pack.not_validated'))}</strong> {text(say('pack.nobody_has_judged'))}"
        return f'<div class="verdict alert">{words}</div>'
    proposed = formatting.word("verdict", findings["recommendation"])
    counts = ", ".join(
        say("pack.count", number=findings["counts"].get(one, 0), severity=formatting.word("severity", one))
        for one in SEVERITIES
    )
    alert = " alert" if any(findings["counts"].get(one, 0) for one in SEVERITIES[:2]) else ""
    concluded = package.evidence.get("validation.conclusion")
    if concluded is not None and not concluded.is_absent:
        told = "; ".join(f"{row[0]}: {row[1]}" for row in concluded.rows if len(row) > 1)
        said = say("pack.concluded_named_validator", told=told)
    else:
        said = say("pack.no_named_validator_has_concluded")
    lead, counted = say("pack.proposed"), say("pack.counts", counts=counts)
    policy = f"{findings['policy']['name']} {findings['policy']['version']}"
    return (
        f'<div class="verdict{alert}"><p>{text(lead)} <strong>{text(proposed)}</strong></p>'
        f"<p>{text(counted)}</p><p>{text(said)}</p></div>"
        + _list(
            ((say("pack.policy_validator"), policy), (say("pack.policy_hash_sha_256"), findings["policy"]["sha256"]))
        )
    )


def findings(package: Package) -> str:
    """Every finding, gravest first."""
    held: list[dict[str, Any]] = list((package.findings or {}).get("findings", []))
    held.sort(key=lambda one: (SEVERITIES.index(one["severity"]) if one["severity"] in SEVERITIES else 0, one["id"]))
    rows = [
        (
            text(formatting.word("severity", one["severity"])),
            text(one["id"]),
            text(one["statement"]),
            text(one.get("remedy") or ""),
            text(", ".join(one.get("evidence") or ())),
        )
        for one in held
    ]
    return table(
        say("pack.findings_validation"),
        (say("pack.severity"), say("pack.id"), say("pack.statement"), say("pack.remedy"), say("pack.evidence")),
        rows,
        mono=(1, 4),
    )


def documents(files: Mapping[str, str], pages: Mapping[str, int]) -> str:
    """The documents with pages and hashes. `files`: SHA-256 by path."""
    rows = [
        (link(path, path.rpartition("/")[2]), str(pages.get(path, "")), text(digest))
        for path, digest in sorted(files.items())
        if path.startswith("documents/") and path.endswith(".pdf")
    ]
    return table(say("pack.documents"), (say("pack.document"), say("pack.pages"), "SHA-256"), rows, mono=(2,))


def plots(package: Package, heat_maps: Sequence[Figure] = ()) -> str:
    """Every figure of the evidence, drawn from it, and the heat maps that documents draw of its tables."""
    held = [(one, one.title) for one in package.evidence.values() if one.kind == "figure"]
    held += [(figure.evidence, plain(figure.caption)) for figure in heat_maps]
    drawn = [_plot(one, title) for one, title in sorted(held, key=lambda pair: (pair[0].id, pair[1]))]
    return f'<div class="figures">{"".join(drawn)}</div>' if drawn else f"<p>{text(say('pack.no_figures'))}</p>"


def _plot(one: Evidence, title: str) -> str:
    from docs_templates.render.svg import figure_svg

    picture = figure_svg(one, WIDTH, HEIGHT, title)
    notes = " ".join(one.raw["notes"])
    caption = f"<strong>{text(title)}</strong> <code>{text(one.id)}</code><br>{text(notes)}"
    return f"<figure data-find>{picture}<figcaption>{caption}</figcaption></figure>"


def evidence(package: Package) -> str:
    """The evidence index: what each item is, where it lies, who made it of what."""
    rows = [_evidence_row(one) for one in sorted(package.evidence.values(), key=lambda item: item.id)]
    heads = (
        say("pack.evidence"),
        say("pack.title"),
        say("pack.kind"),
        say("pack.file_sha_256"),
        say("pack.producer"),
        say("pack.inputs"),
    )
    return table(say("pack.evidence"), heads, rows, mono=(3, 4, 5))


def _evidence_row(one: Evidence) -> tuple[str, ...]:
    kind = {"not_provided": say("pack.not_provided"), "not_applicable": say("pack.not_applicable")}.get(
        one.kind
    ) or say(f"pack.kind_{one.kind}")
    reason = f"{kind}: {one.reason}" if one.is_absent and one.reason else kind
    where = f"{link(one.file)}<br>{text(one.sha256)}"
    return (
        f"<code>{text(one.id)}</code>", text(one.title), text(reason), where, text(one.raw["producer"]),
        text(", ".join(one.raw["inputs"])),
    )  # fmt: skip


def lineage(package: Package, files: Mapping[str, str]) -> str:
    """From the plan to the hash that seals all: an ordered list, each step with its SHA-256."""
    manifest = package.manifest
    core = manifest["files"]
    held = sum(1 for name in core if name.startswith("evidence/"))
    steps = [
        (say("pack.plan_as_written_plan_yaml"), _sha(core, "plan.yaml"), say("pack.what_modeller_asked")),
        (say("pack.plan_with_every_default_plan"), _sha(core, "plan.json"), say("pack.what_run_did")),
        (
            say("pack.source", name=manifest["source"]["name"]),
            manifest["source"]["sha256"],
            say("pack.rows", rows=formatting.whole(manifest["source"]["rows"])),
        ),
        (
            say("pack.snapshot_rows"),
            manifest["snapshot"]["sha256"],
            say("pack.rows", rows=formatting.whole(manifest["snapshot"]["rows"])),
        ),
        (
            say("pack.model_model_json"),
            _sha(core, "model.json"),
            say("pack.steps", steps=len(package.model.get("steps", []))),
        ),
        (say("pack.evidence_files", held=formatting.whole(held)), "", say("pack.each_with_its_sha_256")),
        (say("pack.package_manifest_json"), package.package_hash, say("pack.package_hash_seals_all_above")),
    ]
    steps += [
        (say("pack.annex", kind=kind), digest, say("pack.made_this_package_hash"))
        for kind, digest in sorted(package.annexes.items())
    ]
    steps += [
        (say("pack.document_2", file=path.rpartition("/")[2]), digest, say("pack.rendered_from_evidence_alone"))
        for path, digest in sorted(files.items())
        if path.startswith("documents/") and path.endswith(".pdf")
    ]
    items = "".join(
        f"<li data-find>{text(what)}: {text(about)}" + (f"<br><code>{text(digest)}</code>" if digest else "") + "</li>"
        for what, digest, about in steps
    )
    return f'<ol class="lineage">{items}</ol>'


def _sha(files: Mapping[str, Any], name: str) -> str:
    return str(files.get(name, {}).get("sha256", ""))


def dictionary(rows: Sequence[Sequence[str]]) -> str:
    """The data dictionary of the plan's contract."""
    return table(say("pack.columns_source_plan"), titles(), [[text(cell) for cell in row] for row in rows])


def listing(files: Mapping[str, str], sizes: Mapping[str, int]) -> str:
    """Every file of the pack with bytes and SHA-256."""
    rows = [(link(path), formatting.whole(sizes[path]), text(digest)) for path, digest in sorted(files.items())]
    return f"<p>{text(say('pack.no_rows'))}</p>" + table(
        say("pack.files_this_pack"), (say("pack.file"), say("pack.bytes"), "SHA-256"), rows, mono=(2,)
    )
