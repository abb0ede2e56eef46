"""The notice to one applicant: from the data of the notice and the package that decided, a letter of a page or two.

The letter says what the notice holds and the catalogue of words frames, in the order of Regulation B's sample form C-1;
what only the creditor knows and did not give is left to the creditor in so many words.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docs_templates import strict_json
from docs_templates.document import Block, Document, Heading, ListBlock, Paragraph, Span
from docs_templates.errors import DocumentError, Fault
from docs_templates.formatting import general
from docs_templates.house import current_house
from docs_templates.language import current, say
from docs_templates.package import Package

Json = Mapping[str, Any]
WIDTH = 78
RULE, SCORE = "rule", "score"
NEEDED: dict[str, tuple[type, ...]] = {
    "at": (str,),
    "applicant": (str, type(None)),
    "package_hash": (str,),
    "language": (str,),
    "score": (float, int, type(None)),
    "score_lowest": (float, int, type(None)),
    "score_highest": (float, int, type(None)),
    "key_factors": (list,),
    "creditor": (dict,),
    "bureau": (dict,),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """The data of a notice. at: moment of the decision; reasons: text and kind (`rule` or `score`), in their order."""

    at: datetime
    raw: Json
    reasons: tuple[tuple[str, str], ...]


def read_notice(path: Path, package: Package) -> Notice:
    """The data that `credit-risk explain` wrote, held against the package.

    Raises DocumentError where it is no notice, of another package, not in the language that is spoken, or gives a
    reason another text than the package has released for applicants.
    """
    name = path.name
    raw = strict_json.parse(path.read_bytes(), name)
    if not isinstance(raw, dict):
        raise DocumentError(Fault("is no notice", "notice", file=name, found=type(raw).__name__))
    faults = [
        Fault("is not there, or of another kind", "notice", file=name, path=key, found=repr(raw.get(key)))
        for key, kinds in NEEDED.items()
        if key not in raw or not isinstance(raw[key], kinds)
    ]
    if faults:
        raise DocumentError(faults)
    faults += _of_another(raw, package, name)
    released = _released(package, raw["language"])
    reasons = []
    for place, factor in enumerate(raw["key_factors"]):
        at = f"key_factors[{place}]"
        if not isinstance(factor, dict) or factor.get("kind") not in (RULE, SCORE):
            faults.append(Fault("is no key factor", "notice", file=name, path=at, found=repr(factor)[:80]))
            continue
        code, text = str(factor.get("code")), str(factor.get("text"))
        if text not in released.get(code, ()):
            allowed = "; ".join(sorted(released.get(code, ()))) or "none"
            message = "is not the text that the package has for applicants"
            faults.append(Fault(message, "reason_text", file=name, path=f"{at}.text", found=text, allowed=allowed))
        reasons.append((text, str(factor["kind"])))
    moment = _moment(raw["at"])
    if moment is None:
        faults.append(Fault("is no moment in UTC", "notice", file=name, path="at", found=raw["at"]))
    if not reasons and not faults:
        faults.append(Fault("gives no reason", "notice", file=name, path="key_factors"))
    if faults or moment is None:
        raise DocumentError(faults)
    return Notice(moment, raw, tuple(reasons))


def letter(notice: Notice, package: Package, file: str) -> Document:
    """The letter as a document without contents; its identifier is made of the package and `file`."""
    model, house = package.manifest["model"], current_house()
    raw = notice.raw
    control = (
        (say("letters.creditor"), _party(raw["creditor"])),
        (say("letters.applicant"), raw["applicant"] or say("letters.left_to_creditor")),
        (say("letters.date"), notice.at.date().isoformat()),
        *house.control_lines("notice", brief=True),
    )
    return Document(
        name="notice",
        title=say("letters.title"),
        identifier=f"NOT-{model['id']}-{model['version']}-{package.package_hash[:8]}-{file}",
        model_id=model["id"],
        model_name=model["name"],
        model_version=model["version"],
        package_hash=package.package_hash,
        control=control,
        cover=(),
        blocks=tuple(_blocks(notice, package)),
        brief=True,
        attachments=house.attachments(),
        branding=house.branding,
    )


def letter_text(document: Document) -> bytes:
    """The same letter as plain text in UTF-8."""
    lines = [document.title, "=" * len(document.title), ""]
    lines += [f"{label}: {value}" for label, value in document.control]
    for block in document.blocks:
        if isinstance(block, Heading):
            lines += ["", _plain(block.content), "-" * len(_plain(block.content))]
        elif isinstance(block, Paragraph):
            lines += textwrap.wrap(_plain(block.content), WIDTH)
        elif isinstance(block, ListBlock):
            for number, (item,) in enumerate(block.items, start=1):
                assert isinstance(item, Paragraph)
                head = f"{number}. "
                lines += textwrap.wrap(head + _plain(item.content), WIDTH, subsequent_indent=" " * len(head))
    return ("\n".join(lines) + "\n").encode("utf-8")


# --------------------------------------------------------------------------------------------------- helpers
def _blocks(notice: Notice, package: Package) -> Iterator[Block]:
    raw = notice.raw
    of_score = [text for text, kind in notice.reasons if kind == SCORE]
    yield from _chapter("1", say("notices.action"), say("letters.declined"))
    yield from _chapter("2", say("letters.principal_reasons"), say("letters.because"))
    yield ListBlock(True, tuple((_paragraph(text),) for text, _ in notice.reasons))
    if raw["score"] is not None:
        yield from _chapter("3", say("notices.score"), _score(raw, package.manifest["model"]["name"]))
        if of_score:
            yield _paragraph(say("letters.key_factors", listed="; ".join(of_score)))
    yield from _chapter("4", say("notices.information_from_others"), _bureau(raw["bureau"]))
    yield from _chapter("5", say("notices.equal_credit_opportunity"), say("notices.equal_credit"))
    made = {"hash": package.package_hash[:16], "moment": f"{notice.at:%Y-%m-%d %H:%M:%S} UTC"}
    yield from _chapter("6", say("letters.origin"), say("letters.made_from", **made))


def _chapter(number: str, title: str, text: str) -> tuple[Block, ...]:
    return Heading(1, number, (Span(title),)), _paragraph(text)


def _paragraph(text: str) -> Paragraph:
    return Paragraph((Span(text),))


def _plain(content: tuple[Span, ...]) -> str:
    return "".join(span.text for span in content)


def _score(raw: Json, name: str) -> str:
    told = say("notices.on_date_decision_model", score=general(float(raw["score"])), name=name)
    if raw["score_lowest"] is None or raw["score_highest"] is None:
        return say("notices.range_score_does_not_follow", told=told)
    low, high = general(float(raw["score_lowest"])), general(float(raw["score_highest"]))
    return say("notices.scores_range_from_higher_score", told=told, low=low, high=high)


def _party(given: Json) -> str:
    return ", ".join(str(value) for value in given.values()) or say("letters.left_to_creditor")


def _bureau(given: Json) -> str:
    return say("letters.agency", named=_party(given)) if given else say("notices.report")


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)


def _of_another(raw: Json, package: Package, name: str) -> list[Fault]:
    """Faults of a notice that is not of this package, or not in the language of the letter."""
    faults = []
    if raw["package_hash"] != package.package_hash:
        message, remedy = "is the notice of another package", "name the package that decided"
        found, allowed = raw["package_hash"], package.package_hash
        faults.append(Fault(message, "package_other", name, "package_hash", None, found, allowed, remedy))
    if raw["language"].partition("-")[0] != current().code.partition("-")[0]:
        message = "is not in the language that the letter speaks"
        remedy = "name it with --language, and its folder with --language-folder"
        faults.append(Fault(message, "language", name, "language", None, raw["language"], current().code, remedy))
    return faults


def _released(package: Package, language: str) -> dict[str, set[str]]:
    """Texts for applicants by code, in one language."""
    found: dict[str, set[str]] = {}
    for identifier in ("reasons.texts", "rules.texts"):
        item = package.evidence.get(identifier)
        if item is None or item.is_absent:
            continue
        names = [column.name for column in item.columns]
        for row in (dict(zip(names, one, strict=True)) for one in item.rows):
            if row["for_applicants"] is True and row["language"] == language and row["text"]:
                found.setdefault(str(row["reason_code"]), set()).add(str(row["text"]))
    return found
