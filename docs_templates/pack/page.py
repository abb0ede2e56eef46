"""Pieces of the page of a pack: text is escaped here, and nowhere else."""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from docs_templates.house import LOGO, House, logo_words
from docs_templates.language import GAP, current, say

STYLE = """
:root{--ink:#1a1f26;--quiet:#5b6470;--rule:#b8c0ca;--band:#f1f4f7;--accent:#143a66}
*{box-sizing:border-box}body{margin:0;font:16px/1.5 "DejaVu Sans",Verdana,sans-serif;color:var(--ink)}
header,main,footer,nav{max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{border-bottom:2px solid var(--accent);padding-top:1.5rem}h1{font-size:1.7rem;color:var(--accent);margin:0}
h2{font-size:1.25rem;color:var(--accent);margin:2.2rem 0 .6rem;border-top:1px solid var(--rule);padding-top:1rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}a{color:var(--accent)}
a:focus-visible,input:focus-visible,.scroll:focus-visible{outline:3px solid #b35c00;outline-offset:2px}
.skip{position:absolute;left:-999rem}.skip:focus{left:1rem;top:.5rem;background:#fff;padding:.4rem .8rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;padding:0;margin:.8rem 0}
.search{display:flex;gap:.7rem;align-items:center;margin:.8rem 0;flex-wrap:wrap}
.search input{font:inherit;padding:.35rem .6rem;border:1px solid var(--quiet);border-radius:3px;width:min(26rem,100%)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.86rem}
caption{text-align:left;color:var(--quiet);padding:.3rem 0}
th,td{overflow-wrap:anywhere;min-width:6.6rem;text-align:left;vertical-align:top;padding:.35rem .6rem;
border-bottom:1px solid #dde2e8}
thead th{background:var(--band);border-top:2px solid var(--accent)}
td.mono,code{font-family:"DejaVu Sans Mono",Consolas,monospace;font-size:.8rem;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem}dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
.verdict{border-left:.4rem solid var(--accent);background:var(--band);padding:.7rem 1rem;margin:1rem 0}
.verdict strong{font-size:1.15rem}.alert{border-color:#8a3b00;background:#fdf4ea}
figure{min-width:0;margin:1rem 0;padding:.6rem;border:1px solid #dde2e8}
figcaption{font-size:.86rem;overflow-wrap:anywhere}svg{width:100%;height:auto}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(30rem,100%),1fr));gap:1rem}[hidden]{display:none!important}
ol.lineage li{margin:.35rem 0}footer{color:var(--quiet);font-size:.86rem;margin:2rem auto}
@media(max-width:40rem){.figures{grid-template-columns:1fr}}
@media print{nav,.search{display:none}}
""".strip()
SCRIPT = """
(function(){"use strict";
var box=document.getElementById("q"),said=document.getElementById("said");
var all=Array.prototype.slice.call(document.querySelectorAll("[data-find]"));
var texts=all.map(function(e){return e.textContent.toLowerCase();});
function find(){var words=box.value.toLowerCase().split(/\\s+/).filter(Boolean),shown=0;
all.forEach(function(e,i){var hit=words.every(function(w){return texts[i].indexOf(w)>=0;});e.hidden=!hit;
if(hit){shown+=1;}});
said.textContent=words.length?SAID:"";}
box.addEventListener("input",find);document.getElementById("search").hidden=false;})();
""".strip()
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")


def text(value: object) -> str:
    """Any text, escaped; characters that show nothing or turn the direction of text are spelled out."""
    shown = "".join(
        c if c == "\n" or unicodedata.category(c) not in UNSEEN else f"[U+{ord(c):04X}]" for c in str(value)
    )
    return escape(shown, quote=True)


def table(caption: str, titles: Sequence[str], rows: Iterable[Sequence[str]], *, mono: Sequence[int] = ()) -> str:
    """A table of finished cells (HTML): heads have their scope, the first cell of a row is its head."""
    head = "".join(f'<th scope="col">{text(title)}</th>' for title in titles)
    body = []
    for row in rows:
        first = f'<th scope="row">{row[0]}</th>'
        rest = "".join(
            f'<td class="mono">{cell}</td>' if place in mono else f"<td>{cell}</td>"
            for place, cell in enumerate(row[1:], start=1)
        )
        body.append(f"<tr data-find>{first}{rest}</tr>")
    held = "".join(body) or f'<tr><td colspan="{len(titles)}">{text(say("pack.nothing"))}</td></tr>'
    name = text(caption)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table><caption>{name}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{held}</tbody></table></div>"
    )


def link(path: str, shown: str | None = None) -> str:
    """A link to a file of the pack; `path` is relative."""
    from urllib.parse import quote

    return f'<a href="{quote(path)}">{text(path if shown is None else shown)}</a>'


def whole(
    title: str,
    head: str,
    sections: Sequence[tuple[str, str, str]],
    foot: str,
    house: House,
    *,
    search: bool = True,
    more_style: str = "",
) -> str:
    """The page: `sections` are anchor, title and HTML. Nothing is loaded, and no script runs but that of `search`."""
    script = SCRIPT.replace("SAID", _said()) if search else ""
    style, (above, below) = STYLE + more_style + house_style(house), banners(house)
    scripts = f"script-src '{_hash(script)}'; " if search else ""
    pictures = "img-src data:; " if house.branding.logo is not None else ""
    policy = f"default-src 'none'; {scripts}style-src '{_hash(style)}'; {pictures}base-uri 'none'; form-action 'none'"
    items = "".join(f'<li><a href="#{anchor}">{text(name)}</a></li>' for anchor, name, _ in sections)
    body = "".join(
        f'<section id="{anchor}" aria-labelledby="h-{anchor}"><h2 id="h-{anchor}">{text(name)}</h2>{held}</section>'
        for anchor, name, held in sections
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{current().code}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="referrer" content="no-referrer"><title>{text(title)}</title><style>{style}</style></head><body>'
        f'<a class="skip" href="#main">{text(say("pack.skip"))}</a>'
        f"{above}<header>{masthead(house)}{head}</header>"
        f'<nav aria-label="{text(say("pack.sections"))}"><ul>{items}</ul>{_search_box() if search else ""}</nav>'
        f'<main id="main">{body}</main><footer>{foot}</footer>{below}'
        f"{f'<script>{script}</script>' if search else ''}</body></html>\n"
    )


def _search_box() -> str:
    return (
        f'<div class="search" id="search" role="search" hidden><label for="q">{text(say("pack.search"))}</label>'
        '<input id="q" type="search" autocomplete="off" spellcheck="false">'
        '<span id="said" role="status" aria-live="polite"></span></div>'
    )


def _said() -> str:
    """How many entries the search found, as an expression of the script: texts between its variables."""
    variables = {"shown": "shown", "all": "all.length"}
    parts = GAP.split(current().words["pack.found"])
    made = [variables[part] if place % 2 else json.dumps(part, ensure_ascii=False) for place, part in enumerate(parts)]
    return "+".join(part for part in made if part != '""').replace("<", "\\u003c")


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")


# ------------------------------------------------------------------------------------------------------- house style
HOUSE_STYLE = """
.banner{text-align:center;font-weight:bold;padding:.3rem 1rem;border-bottom:1px solid var(--rule)}
footer+.banner{border:0;border-top:1px solid var(--rule)}
.house{display:flex;align-items:center;gap:1rem;margin:0 0 1rem;font-weight:bold}
.house img{max-height:3.5rem;max-width:14rem}
@media print{.banner{position:fixed;left:0;right:0;top:0;border:0}footer+.banner{top:auto;bottom:0}}
""".rstrip()
VARIABLES = {"heading": "accent", "rule": "rule", "band": "band"}


def house_style(house: House) -> str:
    """Style of what the house shows and its colours; nothing where there is no house style."""
    if not house:
        return ""
    colours = "".join(f"--{VARIABLES[name]}:{value};" for name, value in house.branding.colours.items())
    return HOUSE_STYLE + (f"\n:root{{{colours}}}" if colours else "")


def banners(house: House) -> tuple[str, str]:
    """The classification, for the head and the foot of the page."""
    said = house.branding.classification
    shown = f'<p class="banner">{text(said)}</p>' if said else ""
    return shown, shown


def masthead(house: House) -> str:
    """Logo and name of the bank; the logo is within the page."""
    bank, logo = house.branding.bank, next((one for one in house.files if one.kind == LOGO), None)
    shown = ""
    if logo is not None:
        mime = "image/png" if logo.data.startswith(b"\x89PNG") else "image/jpeg"
        data = base64.b64encode(logo.data).decode("ascii")
        shown = f'<img alt="{text(logo_words(bank))}" src="data:{mime};base64,{data}">'
    if bank:
        shown += f"<span>{text(bank)}</span>"
    return f'<p class="house">{shown}</p>' if shown else ""
