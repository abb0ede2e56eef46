"""Numbers in text: read in a declared notation, and found where they are written in another one than is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from credit_risk.sampling.reading_spec import NumberFormatSpec
from credit_risk.sampling.source import RawColumn

SPACES = "\u0020\u00a0\u2009\u202f"
APOSTROPHES = "'\u2019"
MOSTLY = 0.95
TRIED = 40
CURRENCY = "EUR USD GBP CHF JPY CNY INR AUD CAD NZD SEK NOK DKK PLN CZK HUF RON BRL MXN ZAR TWD NTD HKD SGD KRW TRY"
UNIT = rf"(?:[$€£¥₹₩₺₽%‰]|{'|'.join(CURRENCY.split())})"
DIGITS = rf"[0-9]{{1,3}}(?:[.,{APOSTROPHES}{SPACES}][0-9]{{3}})+(?:[.,][0-9]+)?|[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+"
LIKE_A_NUMBER = re.compile(rf"\s*({UNIT}\s*)?[+-]?\s*({UNIT}\s*)?(?:{DIGITS})(?:[eE][+-]?[0-9]+)?\s*({UNIT})?\s*\Z")


@dataclass(frozen=True, slots=True)
class OtherNotation:
    """Numbers that a column holds in another notation than is read.

    foreign (k,): levels that are such numbers; formats: notations that read every number of the column, likeliest
    first, where there are any.
    """

    foreign: np.ndarray
    formats: tuple[NumberFormatSpec, ...]

    @property
    def remedy(self) -> str:
        """What to write into the plan, without the name of the column."""
        if not self.formats:
            return "write the numbers in one notation in the source"
        return " or ".join(_yaml(form) for form in self.formats[:2])


def plain_number(text: str, form: NumberFormatSpec) -> str | None:
    """The number of `text`, written in the notation `form`, as 1234.5; None where it is none. Spaces around stay."""
    body = text.strip()
    unit = form.unit.strip() if form.unit else None
    if unit:
        sign = body[0] if body[:1] in ("+", "-") and body[1:].lstrip().startswith(unit) else ""
        inner = body[len(sign) :].lstrip() if sign else body
        if inner.startswith(unit):
            body = sign + inner[len(unit) :].lstrip()
        elif body.endswith(unit):
            body = body[: -len(unit)].rstrip()
    match = re.fullmatch(r"([+-]?)(.*?)([eE][+-]?[0-9]+)?", body, re.S)
    assert match is not None
    sign, number, exponent = match[1], match[2], match[3] or ""
    whole, point, decimals = number.partition(form.decimal)
    if form.thousands:
        signs = re.escape({" ": SPACES, "'": APOSTROPHES}.get(form.thousands, form.thousands))
        if re.fullmatch(rf"[0-9]{{1,3}}(?:[{signs}][0-9]{{3}})+", whole):
            whole = re.sub(rf"[{signs}]", "", whole)
    if not re.fullmatch(r"[0-9]+", whole + decimals):
        return None
    plain = f"{whole}.{decimals}" if point else whole
    padding = (text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :])
    return f"{padding[0]}{sign}{plain}{exponent}{padding[1]}"


def in_other_notation(
    raw: RawColumn, not_number: np.ndarray, words: np.ndarray, least: float = MOSTLY
) -> OtherNotation | None:
    """Numbers that are not read, where a share of `least` or more of the rows are numbers in some notation, else None.

    not_number (k,): levels that do not read as numbers; words (k,): levels that are words for no value, or blank.
    """
    counts = np.bincount(raw.codes[raw.codes >= 0], minlength=len(raw.levels))
    candidates = np.flatnonzero(not_number)
    some = candidates[:: max(1, len(candidates) // TRIED)]
    if raw.is_number or not any(LIKE_A_NUMBER.match(str(raw.levels[place])) for place in some):
        return None
    foreign = np.zeros(len(raw.levels), bool)
    foreign[[place for place in candidates if LIKE_A_NUMBER.match(str(raw.levels[place]))]] = True
    numbers = (foreign | ~not_number) & ~words
    known = counts[~words].sum()
    if not foreign.any() or counts[numbers].sum() < least * known:
        return None
    return OtherNotation(foreign, tuple(_formats([str(level) for level in raw.levels[numbers]])))


def _formats(texts: Sequence[str]) -> Iterator[NumberFormatSpec]:
    """Notations that read every one of the texts, each as other numbers, those without a sign for thousands first."""
    matches = [match for text in texts if (match := LIKE_A_NUMBER.match(text))]
    units = {unit.strip() for match in matches for unit in match.groups() if unit}
    if len(units) > 1:
        return
    unit = units.pop() if units else None
    grouped = [(decimal, sign) for sign in (".", ",", " ", "'") for decimal in (".", ",") if decimal != sign]
    seen: set[tuple[float, ...]] = set()
    for decimal, thousands in ((".", None), (",", None), *grouped):
        form = NumberFormatSpec(decimal=decimal, thousands=thousands, unit=unit)  # type: ignore[arg-type]
        read = [plain_number(text, form) for text in texts]
        values = tuple(float(number) for number in read if number is not None)
        if len(values) == len(texts) and values not in seen:
            seen.add(values)
            yield form


def _yaml(form: NumberFormatSpec) -> str:
    given = {name: value for name, value in form.model_dump(exclude_defaults=True).items() if value is not None}
    return (
        "number_format: {"
        + ", ".join(f"{name}: '{value}'".replace("'''", '"\'"') for name, value in given.items())
        + "}"
    )
