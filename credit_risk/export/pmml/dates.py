"""Dates as text in PMML: character by character, because engines read dates, patterns and text as numbers differently.

A date counts where its text is one (SPECIFICATION section 3.1): the day, and after it perhaps a time of day and a
zone, which are passed over. Fractions of a second are read up to `MOST_DECIMALS` digits; with more the text is no date,
which is noted in the document.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate

from credit_risk.export.pmml import expressions as e
from credit_risk.export.pmml.xml import Element
from credit_risk.scoring.columns import STRING
from credit_risk.scoring.dates import parse_date

Keep = Callable[..., Element]  # puts an expression into a field of its own (of a kind) and gives the reference to it
MOST_DECIMALS = 12
NOTE = (
    f"Dates: a text with more than {MOST_DECIMALS} decimals of a second is no date in this document, where the package "
    "passes them over."
)
LENGTHS = [monthrange(2023, month)[1] for month in range(1, 13)]
BEFORE = list(accumulate(LENGTHS[:-1], initial=0))
DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Day:
    """Parts of a date as references or constants, all missing where it is none: numbers as in `scoring.dates.Days`."""

    ordinal: Element
    year: Element
    month: Element
    day: Element
    ends_month: Element


def date_operation(op: str, args: Sequence[Element], keep: Keep) -> Element:
    """The date operation `op` of SPECIFICATION section 3.1 of `args`: references to texts, or constants."""
    days = [_constant(arg) if arg.tag != "FieldRef" else _read(arg, keep) for arg in args]
    if any(day is None for day in days):
        return e.apply("if", e.apply("notEqual", e.number(0), e.number(0)), e.number(0))
    value = _OPERATIONS[op](*[day for day in days if day is not None])
    known = [day.ordinal for day in days if day is not None and day.ordinal.tag == "FieldRef"]
    return e.if_known([str(one.attributes["field"]) for one in known], value)


def _constant(arg: Element) -> Day | None:
    """The parts of a constant date; None of the missing constant."""
    found = parse_date(arg.text or "") if arg.tag == "Constant" else None
    if found is None:
        return None
    last = monthrange(found.year, found.month)[1]
    parts = (found.toordinal(), found.year, found.month, found.day, found.day == last)
    return Day(*(e.number(float(part)) for part in parts))


def _read(arg: Element, keep: Keep) -> Day:
    """The parts of a text, each a field."""
    text = _Text(arg, keep)
    year, month, day = (text.number(places) for places in ((1, 2, 3, 4), (6, 7), (9, 10)))
    leap = keep(_flag(_leap(year)))
    last = keep(_add(_by_month(month, LENGTHS), e.apply("*", leap, _flag(e.apply("equal", month, e.number(2))))))
    exists = [
        e.apply("greaterOrEqual", year, e.number(1)),
        e.apply("greaterOrEqual", month, e.number(1)),
        e.apply("lessOrEqual", month, e.number(12)),
        e.apply("greaterOrEqual", day, e.number(1)),
        e.apply("lessOrEqual", day, last),
    ]
    is_date = keep(_flag(_all([text.is_day(), text.is_time(), *exists])))
    there = e.apply("equal", is_date, e.number(1))
    after = _flag(e.apply("greaterThan", month, e.number(2)))
    of_year = _add(_by_month(month, BEFORE), day, e.apply("*", leap, after))
    values = (_add(_days_before(year), of_year), year, month, day, _flag(e.apply("equal", day, last)))
    return Day(*(keep(e.apply("if", there, value)) for value in values))


class _Text:
    """A text as its characters, each a field; what lies behind its end is `~`."""

    def __init__(self, arg: Element, keep: Keep) -> None:
        absent = e.apply("isMissing", arg)
        most = 10 + 10 + MOST_DECIMALS + 7 + 1
        pad = e.text("~" * most)
        self.keep = keep
        self.length = keep(e.apply("if", absent, e.number(0), e.apply("stringLength", arg)))
        self.whole = keep(e.apply("if", absent, pad, e.apply("concat", arg, pad)), STRING)
        self.characters: dict[int, Element] = {}

    def at(self, place: int) -> Element:
        """The character at a place from 1."""
        if place not in self.characters:
            where = [Element("Constant", {"dataType": "integer"}, text=str(number)) for number in (place, 1)]
            self.characters[place] = self.keep(e.apply("substring", self.whole, *where), STRING)
        return self.characters[place]

    def among(self, place: int, allowed: str) -> Element:
        """Whether the character at a place is one of those allowed."""
        return e.any_of([e.apply("equal", self.at(place), e.text(one)) for one in allowed])

    def number(self, places: Sequence[int]) -> Element:
        """The number that the digits at places write; a character that is no digit counts as 0."""
        total = e.number(0)
        for place in places:
            cases = [(e.apply("equal", self.at(place), e.text(digit)), e.number(int(digit))) for digit in DIGITS[1:]]
            total = _add(e.apply("*", e.number(10), total), self.keep(e.choose(cases, e.number(0))))
        return self.keep(total)

    def ends(self, place: int) -> Element:
        """Whether the text has ended before a place."""
        return e.apply("equal", self.length, e.number(place - 1))

    def is_day(self) -> Element:
        """Whether the first ten characters are `dddd-dd-dd`."""
        digits = [self.among(place, DIGITS) for place in (1, 2, 3, 4, 6, 7, 9, 10)]
        return _all([*digits, self.among(5, "-"), self.among(8, "-")])

    def is_time(self) -> Element:
        """Whether nothing follows the day, or a time of day, perhaps with seconds, a fraction and a zone."""
        early = _all([self.among(12, "01"), self.among(13, DIGITS)])
        late = _all([self.among(12, "2"), self.among(13, "0123")])
        minutes = [self.among(14, ":"), self.among(15, "012345"), self.among(16, DIGITS)]
        seconds = [self.among(17, ":"), self.among(18, "012345"), self.among(19, DIGITS)]
        fraction = _all([self.among(20, "."), self.among(21, DIGITS), self._fraction()])
        rest = e.any_of([self._zone(17), _all([*seconds, e.any_of([self._zone(20), fraction])])])
        time = _all([self.among(11, "T "), e.any_of([early, late]), *minutes, rest])
        return e.any_of([self.ends(11), time])

    def _fraction(self) -> Element:
        """Whether from place 22 on there are digits, and a zone or the end after them."""
        last = 21 + MOST_DECIMALS
        found = self.keep(_flag(self._zone(last)))
        for place in range(last - 1, 21, -1):
            more = _all([self.among(place, DIGITS), e.apply("equal", found, e.number(1))])
            found = self.keep(_flag(e.any_of([self._zone(place), more])))
        return e.apply("equal", found, e.number(1))

    def _zone(self, place: int) -> Element:
        """Whether the text ends at a place, or with `Z` or a distance from it."""
        digits = [self.among(place + k, DIGITS) for k in (1, 2, 4, 5)]
        distance = _all([self.among(place, "+-"), *digits, self.among(place + 3, ":"), self.ends(place + 6)])
        return e.any_of([self.ends(place), _all([self.among(place, "Z"), self.ends(place + 1)]), distance])


def _flag(condition: Element) -> Element:
    return e.apply("if", condition, e.number(1), e.number(0))


def _all(conditions: Sequence[Element]) -> Element:
    return e.apply("and", *conditions)


def _add(*terms: Element) -> Element:
    return reduce(lambda a, b: e.apply("+", a, b), terms)


def _part(year: Element, of: int) -> Element:
    return e.apply("floor", e.apply("/", year, e.number(of)))


def _leap(year: Element) -> Element:
    def divides(of: int) -> Element:
        return e.apply("equal", e.apply("*", e.number(of), _part(year, of)), year)

    return e.any_of([_all([divides(4), e.apply("not", divides(100))]), divides(400)])


def _days_before(year: Element) -> Element:
    """Days before the first of January, the first of January of year 1 being day 1."""
    before = e.apply("-", year, e.number(1))
    whole = e.apply("-", _add(e.apply("*", e.number(365), before), _part(before, 4)), _part(before, 100))
    return _add(whole, _part(before, 400))


def _by_month(month: Element, values: Sequence[int]) -> Element:
    cases = [(e.apply("equal", month, e.number(k + 1)), e.number(value)) for k, value in enumerate(values[:-1])]
    return e.choose(cases, e.number(values[-1]))


def _days_between(a: Day, b: Day) -> Element:
    return e.apply("-", b.ordinal, a.ordinal)


def _months_between(a: Day, b: Day) -> Element:
    back = e.apply("*", e.number(-1), _whole_months(b, a))
    return e.apply("if", e.apply("lessThan", b.ordinal, a.ordinal), back, _whole_months(a, b))


def _whole_months(a: Day, b: Day) -> Element:
    """Whole months from `a` to a later `b`; the last day of a month completes a month."""
    complete = e.any_of([e.apply("greaterOrEqual", b.day, a.day), e.apply("equal", b.ends_month, e.number(1))])
    months = _add(e.apply("*", e.number(12), e.apply("-", b.year, a.year)), b.month)
    short = e.apply("if", complete, e.number(0), e.number(1))
    return e.apply("-", e.apply("-", months, a.month), short)


_OPERATIONS: dict[str, Callable[..., Element]] = {
    "days_between": _days_between,
    "months_between": _months_between,
    "year": lambda a: a.year,
    "month": lambda a: a.month,
}
