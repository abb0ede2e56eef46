"""Terms of a program as statements of COBOL: numbers go through register A, flags become conditions.

A number is held as the bits of its double in a binary item, so that MOVE and comparisons are those of integers; only
the paragraphs of the library look at them as COMP-2. What a condition needs is calculated before it, whether it is
needed or not: reading a missing value does no harm here, it stands as 0 or the empty text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from credit_risk.export.code.blocks import kind_of_term, shared
from credit_risk.export.code.cobol_layout import nested, noted
from credit_risk.export.code.cobol_words import Text, Words
from credit_risk.export.code.imperative import Lines
from credit_risk.export.program import Program
from credit_risk.export.program.terms import (
    FLAG,
    TEXT,
    Absent,
    Call,
    Choose,
    Constant,
    Failed,
    Name,
    Term,
)

_PERFORMED = {
    "add": "FP-ADD",
    "subtract": "FP-SUBTRACT",
    "multiply": "FP-MULTIPLY",
    "divide": "FP-DIVIDE",
    "minimum": "FP-LEAST",
    "maximum": "FP-GREATEST",
    "negate": "FP-NEGATE",
    "absolute": "FP-ABSOLUTE",
    "floor": "FP-FLOOR",
    "exponential": "FP-EXPONENTIAL",
    "logarithm": "FP-LOGARITHM",
    "normal": "FP-NORMAL",
    "round_half_away_from_zero": "FP-HALF-AWAY",
}
_DATES = {
    "is_date": "DT-OK",
    "date_ends_month": "DT-ENDS",
    "date_day": "DT-DAY",
    "date_year": "DT-YEAR",
    "date_month": "DT-MONTH",
    "date_day_of_month": "DT-DOM",
}
_OF_MANY = {"add", "multiply", "minimum", "maximum"}
COMPARED = {"less": "<", "less_or_equal": "<=", "equal": "="}
Case = tuple[str, Lines]


class Terms(Words):
    """Prints terms into `lines`, the statements of what is printed now."""

    def __init__(self, program: Program, text_size: int) -> None:
        super().__init__(program, text_size)
        self.known: dict[Term, str | Text] = {}
        self.lines: Lines = []

    # ------------------------------------------------------------------------------------------------- statements
    def begin(self) -> None:
        """Start of a statement: no intermediate result is kept."""
        self.counts.clear()
        self.known.clear()

    def add(self, *lines: str) -> None:
        """More statements."""
        self.lines += lines

    @contextmanager
    def apart(self) -> Iterator[Lines]:
        """Statements into a list of their own."""
        outer, self.lines = self.lines, []
        try:
            yield self.lines
        finally:
            self.lines = outer

    def move(self, source: str, target: str, term: Term | None = None) -> None:
        """MOVE; the decimal of a constant beside it."""
        told = repr(term.value) if isinstance(term, Constant) and isinstance(term.value, float) else ""
        if source != target:
            self.add(noted(f"MOVE {source} TO {target}", told))

    # ---------------------------------------------------------------------------------------------------- choices
    def when(self, cases: Sequence[Case], otherwise: Lines) -> Lines:
        """The statements of the first case that holds, else `otherwise`."""
        if not cases:
            return otherwise
        if len(cases) == 1:
            condition, inner = cases[0]
            other = ["ELSE", *nested(otherwise)] if otherwise else []
            return [f"IF {condition}", *nested(inner or ["CONTINUE"]), *other, "END-IF"]
        lines = ["EVALUATE TRUE"]
        for condition, inner in cases:
            lines += nested([f"WHEN {condition}", *nested(inner or ["CONTINUE"])])
        if otherwise:
            lines += nested(["WHEN OTHER", *nested(otherwise)])
        return [*lines, "END-EVALUATE"]

    def _chosen(self, one: Choose, store: Callable[[Term], None]) -> None:
        """What `store` prints for the value of the first case that holds."""
        cases: list[Case] = []
        conditions = [self.condition(flag) for flag, _ in one.cases]
        for condition, (_, value) in zip(conditions, one.cases, strict=True):
            with self.apart() as inner:
                store(value)
            cases.append((condition, inner))
        with self.apart() as otherwise:
            store(one.otherwise)
        self.add(*self.when(cases, otherwise))

    # --------------------------------------------------------------------------------------------------- into items
    def store(self, term: Term, name: str, kind: str) -> None:
        """The value of a term into the item of a name; parts that stand in it more than once are calculated once."""
        for part in shared(term):
            self._remember(part)
        if kind == TEXT:
            self._store_text(term, self.length(name), self.value(name))
        elif kind == FLAG:
            self._store_flag(term, self.value(name))
        else:
            self._store_number(term, self.value(name))

    def _remember(self, part: Term) -> None:
        kind = kind_of_term(part, self.kinds)
        if kind == TEXT:
            self.known[part] = self.text(part)
        elif kind == FLAG:
            place = self.temporary("F")
            self._store_flag(part, place)
            self.known[part] = f"{place} = 1"
        else:
            self.known[part] = self.number(part)

    def _store_number(self, term: Term, target: str) -> None:
        """A number into an item."""
        if isinstance(term, Choose) and term not in self.known:
            self._chosen(term, lambda one: self._store_number(one, target))
        elif self._simple(term):
            self.move(self.number(term), target, term)
        else:
            self._accumulate(term)
            self.move("FP-A-BITS", target)

    def _store_flag(self, term: Term, target: str) -> None:
        """A flag into an item."""
        if isinstance(term, Constant):
            self.add(f"MOVE {int(bool(term.value))} TO {target}")
        elif isinstance(term, Choose) and term not in self.known:
            self._chosen(term, lambda one: self._store_flag(one, target))
        else:
            condition = self.condition(term)
            self.add(*self.when([(condition, [f"MOVE 1 TO {target}"])], [f"MOVE 0 TO {target}"]))

    def _store_text(self, term: Term, length: str, target: str) -> None:
        """A text into items."""
        if isinstance(term, Choose) and term not in self.known:
            self._chosen(term, lambda one: self._store_text(one, length, target))
            return
        if isinstance(term, Call) and term not in self.known:
            self._join(term)
            found = Text("TX-LEN", "TX-TEXT")
        else:
            found = self.text(term)
        self.move(found.length, length)
        self.move(found.place, target)

    def _join(self, term: Call) -> None:
        texts = [self.text(one) for one in term.arguments]
        self.add("MOVE 0 TO TX-LEN", "MOVE SPACES TO TX-TEXT")
        for one in texts:
            self.add(f"MOVE {one.place} TO TX-PART", f"MOVE {one.length} TO TX-PART-LEN", "PERFORM TX-APPEND")

    # ------------------------------------------------------------------------------------------------------ numbers
    def _simple(self, term: Term) -> bool:
        return term in self.known or isinstance(term, Constant | Name)

    def number(self, term: Term) -> str:
        """The item that holds a number."""
        if term in self.known:
            return str(self.known[term])
        if isinstance(term, Constant):
            return self.constant(float(term.value))
        if isinstance(term, Name):
            return self.value(term.name)
        place = self.temporary("N")
        self._store_number(term, place)
        return place

    def _accumulate(self, term: Term) -> None:
        """A number into register A."""
        if self._simple(term) or not isinstance(term, Call):
            self.move(self.number(term), "FP-A-BITS", term)
        elif term.operation in _DATES:
            self._date(term.arguments[0])
            self.add(f"COMPUTE FP-A = {_DATES[term.operation]}")
        elif term.operation in ("subtract", "divide"):
            self._ordered(term)
        else:
            self._folded(term)

    def _ordered(self, term: Call) -> None:
        left, right = term.arguments
        place = self.number(right)
        self._accumulate(left)
        self.move(place, "FP-B-BITS", right)
        self.add(f"PERFORM {_PERFORMED[term.operation]}")

    def _folded(self, term: Call) -> None:
        """Operations of one number, and of many from left to right, for which A and B may change places."""
        performed = f"PERFORM {_PERFORMED[term.operation]}"
        first, *others = term.arguments
        if others and self._simple(first) and not self._simple(others[0]):
            first, others[0] = others[0], first
        self._accumulate(first)
        if not others and term.operation not in _OF_MANY:
            self.add(performed)
        for one in others:
            if self._simple(one):
                self.move(self.number(one), "FP-B-BITS", one)
            else:
                place = self.temporary("N")
                self.move("FP-A-BITS", place)
                self._accumulate(one)
                self.move(place, "FP-B-BITS")
                self.counts["N"] -= int(place == f"XN-{self.counts['N']}")
            self.add(performed)

    def _key_of(self, term: Term) -> str:
        """The item that holds the key of a number."""
        if isinstance(term, Constant):
            return self.key(float(term.value))
        place = self.temporary("K")
        self.move(self.number(term), "FP-BITS")
        self.add("PERFORM FP-TO-KEY")
        self.move("FP-KEY", place)
        return place

    # -------------------------------------------------------------------------------------------------------- texts
    def text(self, term: Term) -> Text:
        """A text."""
        found = self.known.get(term)
        if isinstance(found, Text):
            return found
        if isinstance(term, Constant):
            return self.text_constant(str(term.value))
        if isinstance(term, Name):
            return Text(self.length(term.name), self.value(term.name))
        place = self.temporary("T")
        found = Text(f"{place}-LEN", place)
        self._store_text(term, found.length, found.place)
        return found

    def same(self, a: Text, b: Text) -> str:
        """The condition that two texts are the same bytes."""
        if a.value is not None:
            a, b = b, a
        if a.value is not None:
            return self.truth(a.value == b.value)
        if b.value is None:
            return f"({a.length} = {b.length} AND {a.length} <= {self.text_size} AND {a.place} = {b.place})"
        return f"({a.length} = {b.length} AND {a.place} = {b.place})" if b.value else f"{a.length} = 0"

    def _date(self, text: Term) -> None:
        found = self.text(text)
        self.add(f"MOVE {found.place} TO DT-TEXT", f"MOVE {found.length} TO DT-LEN", "PERFORM DT-READ")

    # --------------------------------------------------------------------------------------------------- conditions
    def condition(self, term: Term) -> str:
        """A flag as a condition."""
        found = self.known.get(term)
        if found is not None:
            return str(found)
        match term:
            case Constant():
                return self.truth(bool(term.value))
            case Name():
                return f"{self.value(term.name)} = 1"
            case Absent():
                return f"{self.missing(term.name)} = 1" if term.name in self.program.absent else self.truth(False)
            case Failed():
                return f"{self.error(term.name)} = 1" if term.name in self.program.failed else self.truth(False)
            case Choose():
                place = self.temporary("F")
                self._store_flag(term, place)
                return f"{place} = 1"
        return self._called(term)

    def _called(self, term: Call) -> str:
        operation, arguments = term.operation, term.arguments
        if operation in ("and", "or"):
            return "(" + f" {operation.upper()} ".join(self.condition(one) for one in arguments) + ")"
        if operation == "not":
            return f"NOT ({self.condition(arguments[0])})"
        if operation in COMPARED:
            a, b = (self._key_of(one) for one in arguments)
            return f"{a} {COMPARED[operation]} {b}"
        if operation == "one_of":
            a = self._key_of(arguments[0])
            return "(" + " OR ".join(f"{a} = {self._key_of(one)}" for one in arguments[1:]) + ")"
        if operation in ("text_equal", "text_one_of"):
            text = self.text(arguments[0])
            return "(" + " OR ".join(self.same(text, self.text(one)) for one in arguments[1:]) + ")"
        place = self.temporary("F")
        self._date(arguments[0])
        self.move(_DATES[operation], place)
        return f"{place} = 1"

    # ------------------------------------------------------------------------------------------------------ storage
