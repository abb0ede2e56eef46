"""The inventory as one self-contained page: no script, nothing loaded, a strict content policy."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from credit_risk._core.severity import SEVERITIES, counted
from credit_risk.inventory.audit.anchors import Anchor
from credit_risk.inventory.contracts import STAGES
from credit_risk.inventory.view.overview import HEALTH, Line, Overview

UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
CLASSES = {"overdue": "r", "attention": "a", "in order": "g", "retired": "n"}
STYLE = """
:root{--ink:#1a1f26;--quiet:#5b6470;--accent:#143a66}
*{box-sizing:border-box}body{margin:0 auto;max-width:84rem;padding:0 1.25rem 2rem;color:var(--ink);
font:16px/1.5 "DejaVu Sans",Verdana,sans-serif}
h1{font-size:1.7rem;color:var(--accent);margin:1.5rem 0 .3rem}
h2{font-size:1.25rem;color:var(--accent);margin:2rem 0 .5rem;border-top:1px solid #b8c0ca;padding-top:1rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:0}a{color:var(--accent)}
a:focus-visible,.scroll:focus-visible{outline:3px solid #b35c00;outline-offset:2px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.86rem}
caption{text-align:left;color:var(--quiet);padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #dde2e8;overflow-wrap:anywhere}
thead th{background:#f1f4f7;border-top:2px solid var(--accent)}td.n{text-align:right}
.v{padding:.1rem .5rem;border-radius:3px;border:1px solid;white-space:nowrap}
.r{background:#f8d9d2;color:#6d1300;border-color:#b23a1e}.a{background:#fdeccc;color:#5c3b00;border-color:#c28a1b}
.g{background:#e4f0e1;color:#1f4a18;border-color:#6f9a66}.n{color:#444c55}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem}dt{color:var(--quiet)}dd{margin:0}
code{font-size:.8rem;overflow-wrap:anywhere}details{margin:.4rem 0}summary{cursor:pointer}
footer{color:var(--quiet);font-size:.86rem;margin-top:2rem}
@media print{nav{display:none}.scroll{overflow:visible}}
""".strip()


def inventory_page(view: Overview, head: Anchor | None = None) -> str:
    """All models and their health as of a day, what is overdue, open findings, and each model by itself.

    head: the head of the audit trail, which the page names, so that it is an anchor.
    """
    sections = [
        ("summary", "Summary", _summary(view)),
        ("overdue", "Overdue", _overdue(view)),
        ("models", "Models", _models(view)),
        ("findings", "Open findings", _findings(view)),
        ("details", "Each model", "".join(_details(one) for one in view.lines) or _nothing()),
    ]
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    items = "".join(f'<li><a href="#{anchor}">{text(title)}</a></li>' for anchor, title, _ in sections)
    body = "".join(f'<section id="{anchor}"><h2>{text(title)}</h2>{held}</section>' for anchor, title, held in sections)
    foot = "" if head is None else f"<p><code>{text(head.text())}</code></p>"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Model inventory, {text(view.as_of)}</title><style>{STYLE}</style></head><body>"
        f"<header><h1>Model inventory</h1><p>As of {text(view.as_of)}. The page is for reading: decisions are in the "
        f'audit trail.</p></header><nav aria-label="Sections"><ul>{items}</ul></nav><main>{body}</main>'
        f"<footer>{foot}</footer></body></html>\n"
    )


def text(value: object) -> str:
    """Any text, escaped; characters that show nothing or turn the direction of text are spelled out."""
    shown = "".join(
        c if c == "\n" or unicodedata.category(c) not in UNSEEN else f"[U+{ord(c):04X}]" for c in str(value)
    )
    return escape(shown, quote=True)


def _table(caption: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{text(title)}</th>' for title in titles)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    if not body:
        return _nothing()
    name = text(caption)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table><caption>{name}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _nothing() -> str:
    return "<p>None.</p>"


def _badge(health: str) -> str:
    return f'<span class="v {CLASSES[health]}">{text(health)}</span>'


def _cell(value: object) -> str:
    return "–" if value is None or value == "" else text(value)


def _summary(view: Overview) -> str:
    health = {name: sum(one.health == name for one in view.lines) for name in HEALTH}
    tiers = sorted({one.facts.tier.tier for one in view.lines if one.facts.tier is not None})
    rows = []
    for stage in STAGES:
        mine = [one.facts for one in view.lines if one.facts.stage == stage]
        by_tier = [sum(one.tier is not None and one.tier.tier == tier for one in mine) for tier in tiers]
        lacking = sum(one.tier is None for one in mine)
        rows.append((text(stage), *(f"{count:,}" for count in (len(mine), *by_tier, lacking))))
    words = " ".join(f"{_badge(name)} {count:,}" for name, count in health.items())
    titles = ("Stage", "Models", *(f"Tier {tier}" for tier in tiers), "No tier")
    open_ones = {name: sum(one.severity == name for one in view.findings) for name in SEVERITIES}
    found = f"{len(view.lines):,} models; open: {counted(open_ones)}; overdue: {len(view.overdue):,}."
    return f"<p>{words}</p><p>{text(found)}</p>{_table('Models by stage and tier', titles, rows)}"


def _overdue(view: Overview) -> str:
    rows = ((_link(one.model), _cell(one.what), _cell(one.due), _cell(one.owner)) for one in view.overdue)
    return _table("What was due before this day, the longest first", ("Model", "What", "Due", "Owner"), rows)


def _models(view: Overview) -> str:
    ordered = sorted(view.lines, key=lambda one: (HEALTH.index(one.health), one.facts.id))
    titles = ("Model", "Name", "Health", "Why", "Tier", "Stage", "In use", "Owner", "Next review", "Findings open")
    return _table("All models, the worst first", titles, (_row(one) for one in ordered))


def _row(one: Line) -> tuple[str, ...]:
    facts, tier = one.facts, one.facts.tier
    findings = ", ".join(f"{one.open[name]} {name}" for name in SEVERITIES if one.open.get(name))
    told = (_cell("; ".join(one.reasons)), _cell(None if tier is None else tier.tier), _cell(facts.stage))
    more = (facts.live_version, facts.owner, facts.dates.get("review"), findings)
    return (_link(facts.id), _cell(facts.name), _badge(one.health), *told, *(_cell(value) for value in more))


def _findings(view: Overview) -> str:
    ordered = sorted(view.findings, key=lambda one: (SEVERITIES.index(one.severity), one.due or "9", one.id))
    titles = ("Finding", "Model", "Version", "Severity", "Status", "What", "Due", "Owner")
    rows = (
        (
            *(_cell(one.id), _link(one.model), _cell(one.version), _cell(one.severity), _cell(one.status)),
            *(_cell(one.title), _cell(one.due), _cell(one.owner)),
        )
        for one in ordered
    )
    return _table("Findings that are not closed, the gravest first", titles, rows)


def _details(one: Line) -> str:
    facts, tier = one.facts, one.facts.tier
    told: dict[str, object] = {
        "Purpose": facts.purpose,
        "Intended use": facts.intended_use,
        "Actual use": facts.actual_use,
        "Operating boundaries": facts.boundaries,
        "Products": ", ".join(facts.products),
        "Vendor": facts.vendor,
        "Inputs": ", ".join(
            item.name if item.source is None else f"{item.name} ({item.source})" for item in facts.inputs
        ),
        "Upstream models": ", ".join(facts.upstream),
        "Approval expires": one.expires,
    }
    told |= {f"Next {kind}": due for kind, due in sorted(facts.dates.items())}
    if tier is not None:
        raised = "" if tier.override_by is None else f", set by {tier.override_by}: {tier.override_reason}"
        told["Tier"] = f"{tier.tier} (rule {tier.rule_version} gives {tier.computed}{raised})"
    told |= {f"{item.kind} {item.id}": item.text for item in facts.provisions if item.ended is None}
    told |= {
        f"Objective {item.get('id')}": f"{item.get('measure')} {item.get('direction')} {item.get('target')}"
        for item in facts.objectives
    }
    items = "".join(f"<dt>{text(name)}</dt><dd>{_cell(value)}</dd>" for name, value in told.items())
    head = f"{text(facts.id)}: {text(facts.name)}"
    return f'<details id="{_anchor(facts.id)}"><summary>{head} {_badge(one.health)}</summary><dl>{items}</dl></details>'


def _link(model: str) -> str:
    return f'<a href="#{_anchor(model)}">{text(model)}</a>'


def _anchor(model: str) -> str:
    return "m-" + text(model)
