"""What the page of a pack says: verdicts, findings, documents, plots, evidence, lineage, dictionary, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from docs_templates import formatting
from docs_templates.document import Figure, plain
from docs_templates.evidence import Evidence
from docs_templates.pack.dictionary import TITLES
from docs_templates.pack.page import link, table, text
from docs_templates.package import Package

WIDTH, HEIGHT = 480.0, 190.0
SEVERITIES = ("critical", "high", "medium", "low", "observation")
NO_ROWS = "Rows of applicants and predictions are not in this pack; their hashes are in the manifest."


def head(package: Package, name: str) -> str:
    """Heading of the page and what identifies the model."""
    model = package.manifest["model"]
    items = (
        ("Model", f"{model['name']} ({model['id']})"),
        ("Version", model["version"]),
        ("Package hash (SHA-256)", package.package_hash),
        ("Pack", name),
    )
    return f"<h1>{text(model['name'])}</h1>{_list(items)}"


def _list(items: Sequence[tuple[str, object]]) -> str:
    return "<dl>" + "".join(f"<dt>{text(label)}</dt><dd>{text(value)}</dd>" for label, value in items) + "</dl>"


def verdicts(package: Package) -> str:
    """Recommendation of the validator, conclusion and counts; that there is none where the package has no annex."""
    findings = package.findings
    if findings is None:
        words = "<strong>Not validated.</strong> The package has no validation annex: nobody has judged this model."
        return f'<div class="verdict alert">{words}</div>'
    proposed = formatting.VERDICT_WORDS.get(findings["recommendation"], findings["recommendation"])
    counts = ", ".join(f"{findings['counts'].get(one, 0)} {one}" for one in SEVERITIES)
    alert = " alert" if any(findings["counts"].get(one, 0) for one in SEVERITIES[:2]) else ""
    concluded = package.evidence.get("validation.conclusion")
    if concluded is not None and not concluded.is_absent:
        told = "; ".join(f"{row[0]}: {row[1]}" for row in concluded.rows if len(row) > 1)
        said = f"Concluded by a named validator. {told}"
    else:
        said = "No named validator has concluded yet."
    policy = f"{findings['policy']['name']} {findings['policy']['version']}"
    return (
        f'<div class="verdict{alert}"><p>Proposed by the validation program: <strong>{text(proposed)}</strong></p>'
        f"<p>Findings: {text(counts)}</p><p>{text(said)}</p></div>"
        + _list((("Policy of the validator", policy), ("Policy hash (SHA-256)", findings["policy"]["sha256"])))
    )


def findings(package: Package) -> str:
    """Every finding, gravest first."""
    held: list[dict[str, Any]] = list((package.findings or {}).get("findings", []))
    held.sort(key=lambda one: (SEVERITIES.index(one["severity"]) if one["severity"] in SEVERITIES else 0, one["id"]))
    rows = [
        (
            text(one["severity"]),
            text(one["id"]),
            text(one["statement"]),
            text(one.get("remedy") or ""),
            text(", ".join(one.get("evidence") or ())),
        )
        for one in held
    ]
    return table("Findings of the validation", ("Severity", "Id", "Statement", "Remedy", "Evidence"), rows, mono=(1, 4))


def documents(files: Mapping[str, str], pages: Mapping[str, int]) -> str:
    """The documents with pages and hashes. `files`: SHA-256 by path."""
    rows = [
        (link(path, path.rpartition("/")[2]), str(pages.get(path, "")), text(digest))
        for path, digest in sorted(files.items())
        if path.startswith("documents/") and path.endswith(".pdf")
    ]
    return table("Documents", ("Document", "Pages", "SHA-256"), rows, mono=(2,))


def plots(package: Package, heat_maps: Sequence[Figure] = ()) -> str:
    """Every figure of the evidence, drawn from it, and the heat maps that documents draw of its tables."""
    held = [(one, one.title) for one in package.evidence.values() if one.kind == "figure"]
    held += [(figure.evidence, plain(figure.caption)) for figure in heat_maps]
    drawn = [_plot(one, title) for one, title in sorted(held, key=lambda pair: (pair[0].id, pair[1]))]
    return f'<div class="figures">{"".join(drawn)}</div>' if drawn else "<p>The package holds no figures.</p>"


def _plot(one: Evidence, title: str) -> str:
    from docs_templates.render.svg import figure_svg

    picture = figure_svg(one, WIDTH, HEIGHT, title)
    notes = " ".join(one.raw["notes"])
    caption = f"<strong>{text(title)}</strong> <code>{text(one.id)}</code><br>{text(notes)}"
    return f"<figure data-find>{picture}<figcaption>{caption}</figcaption></figure>"


def evidence(package: Package) -> str:
    """The evidence index: what each item is, where it lies, who made it of what."""
    rows = [_evidence_row(one) for one in sorted(package.evidence.values(), key=lambda item: item.id)]
    titles = ("Evidence", "Title", "Kind", "File and SHA-256", "Producer", "Inputs")
    return table("Evidence", titles, rows, mono=(3, 4, 5))


def _evidence_row(one: Evidence) -> tuple[str, ...]:
    kind = {"not_provided": "not provided", "not_applicable": "not applicable"}.get(one.kind, one.kind)
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
        ("Plan as written (plan.yaml)", _sha(core, "plan.yaml"), "what the modeller asked for"),
        ("Plan with every default (plan.json)", _sha(core, "plan.json"), "what the run did"),
        (f"Source {manifest['source']['name']}", manifest["source"]["sha256"], f"{manifest['source']['rows']:,} rows"),
        ("Snapshot of the rows", manifest["snapshot"]["sha256"], f"{manifest['snapshot']['rows']:,} rows"),
        ("Model (model.json)", _sha(core, "model.json"), f"{len(package.model.get('steps', []))} steps"),
        (f"Evidence, {held:,} files", "", "each with its SHA-256 in the manifest and in the table of evidence"),
        ("Package (manifest.json)", package.package_hash, "the package hash: it seals all of the above"),
    ]
    steps += [
        (f"Annex {kind}", digest, "made for this package hash") for kind, digest in sorted(package.annexes.items())
    ]
    steps += [
        (f"Document {path.rpartition('/')[2]}", digest, "rendered from evidence alone")
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
    return table("Columns of the source, by the plan", TITLES, [[text(cell) for cell in row] for row in rows])


def listing(files: Mapping[str, str], sizes: Mapping[str, int]) -> str:
    """Every file of the pack with bytes and SHA-256."""
    rows = [(link(path), f"{sizes[path]:,}", text(digest)) for path, digest in sorted(files.items())]
    return f"<p>{NO_ROWS}</p>" + table("Files of this pack", ("File", "Bytes", "SHA-256"), rows, mono=(2,))
