"""Terms of a program as SQL: values that are NULL where they are not read, conditions, choices.

Every operation is total: what would raise an error (a division by zero, a logarithm of nothing, an overflow where the
dialect's arithmetic raises) is NULL, so that no order in which an engine calculates can break a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from credit_risk.export.program.terms import (
    Absent,
    Call,
    Choose,
    Constant,
    Failed,
    Name,
    Term,
)
from credit_risk.export.sql import guarded, normal
from credit_risk.export.sql.dialects import GREATEST_DOUBLE, Dialect
from credit_risk.export.sql.ranges import Range, range_of

Bind = Callable[[Term], Name]
ARITHMETIC = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
STRICT = {*ARITHMETIC, "negate", "absolute", "exponential"}
BATCH = 50
"""How many terms of a sum stand in one expression: beyond, it is summed in columns, in the same order."""
WHOLE = 2.0**52
DATES = {"is_date": "valid", "date_year": "year", "date_month": "month", "date_day_of_month": "day"}
DATES |= {"date_day": "number", "date_ends_month": "ends"}


@dataclass
class Printer:
    """Writes terms for one dialect. `columns` gives the column of a name; `errors` that of its flag of error.

    bind: gives a term a column of its own. date_part: the column of a part of a text's date.
    """

    dialect: Dialect
    columns: Mapping[str, str]
    errors: Mapping[str, str]
    known: dict[str, Range]
    bind: Bind
    date_part: Callable[[Term, str], str]
    used: set[str] = field(default_factory=set)

    def column(self, name: str) -> str:
        """The column of a name, which the expression then needs."""
        self.used.add(self.columns[name])
        return self.columns[name]

    def number(self, value: float) -> str:
        return self.dialect.literal(value)

    # ------------------------------------------------------------------------------------------------ conditions
    def condition(self, term: Term) -> str:
        """A flag as a condition: unknown only where it is not read."""
        match term:
            case Constant():
                return "1 = 1" if term.value else "1 = 0"
            case Name():
                return f"{self.column(term.name)} = 1"
            case Absent():
                return self._absent(term.name)
            case Failed():
                return self._failed(term.name)
            case Choose():
                return f"{self.value(term)} = 1"
            case Call("and" | "or"):
                return f" {term.operation.upper()} ".join(self._enclosed(one) for one in term.arguments)
            case Call("not"):
                return self._negated(term.arguments[0])
        return self._compared(term)

    def _negated(self, term: Term) -> str:
        if isinstance(term, Absent) and term.name not in self.errors:
            return f"{self.column(term.name)} IS NOT NULL"
        if isinstance(term, Failed):
            return f"{self._failed(term.name)[:-1]}0"
        return f"NOT ({self.condition(term)})"

    def _enclosed(self, term: Term) -> str:
        text = self.condition(term)
        joined = isinstance(term, Call) and term.operation in ("and", "or", "one_of", "text_one_of")
        return f"({text})" if joined else text

    def _absent(self, name: str) -> str:
        missing = f"{self.column(name)} IS NULL"
        return f"({missing} AND {self._failed(name)[:-1]}0)" if name in self.errors else missing

    def _failed(self, name: str) -> str:
        self.used.add(self.errors[name])
        return f"{self.errors[name]} = 1"

    def _compared(self, term: Call) -> str:
        parts = term.arguments
        match term.operation:
            case "less" | "less_or_equal" | "equal":
                sign = {"less": "<", "less_or_equal": "<=", "equal": "="}[term.operation]
                return f"{self.value(parts[0])} {sign} {self.value(parts[1])}"
            case "one_of":
                return self.among(self.value(parts[0]), [self.value(one) for one in parts[1:]])
            case "text_equal":
                return self.same_text(parts[0], parts[1])
            case "text_one_of":
                return self.text_among(parts[0], [str(one.value) for one in parts[1:] if isinstance(one, Constant)])
            case "is_date" | "date_ends_month":
                return f"{self.date_part(parts[0], DATES[term.operation])} = 1"
        raise AssertionError(term.operation)

    def among(self, value: str, constants: list[str]) -> str:
        """A value is one of constants, in lists as long as the dialect takes."""
        if len(constants) == 1:
            return f"{value} = {constants[0]}"
        lists = batches(constants, self.dialect.most_list or len(constants))
        return " OR ".join(f"{value} IN ({', '.join(one)})" for one in lists)

    def _comparable(self, text: Term) -> str:
        """A text so that it is compared by code point, to its last space."""
        end = self.dialect.sentinel
        if isinstance(text, Constant):
            return self.dialect.string(str(text.value) + end)
        value = self.value(text)
        if end:
            value = f"({value} {self.dialect.join} {self.dialect.string(end)})"
        return self.dialect.compared.format(x=value)

    def same_text(self, a: Term, b: Term) -> str:
        return f"{self._comparable(a)} = {self._comparable(b)}"

    def text_among(self, text: Term, values: list[str]) -> str:
        constants = [self._comparable(Constant(value)) for value in values]
        return self.among(self._comparable(text), constants)

    # ---------------------------------------------------------------------------------------------------- values
    def value(self, term: Term) -> str:
        """A number, a text, or a flag as 1 and 0, as an expression that can stand within another."""
        match term:
            case Constant():
                return self._constant(term)
            case Name():
                return self.column(term.name)
            case Choose():
                return self._chosen(term)
            case Call() if term.operation in guarded.NUMERIC or term.operation == "join":
                return self._calculated(term)
            case Call("date_day" | "date_year" | "date_month" | "date_day_of_month"):
                return self.date_part(term.arguments[0], DATES[term.operation])
        return f"CASE WHEN {self.condition(term)} THEN 1 ELSE 0 END"

    def _constant(self, term: Constant) -> str:
        if isinstance(term.value, bool):
            return "1" if term.value else "0"
        return self.dialect.string(term.value) if isinstance(term.value, str) else self.number(term.value)

    def _chosen(self, term: Choose) -> str:
        cases = "".join(f" WHEN {self.condition(flag)} THEN {self.value(value)}" for flag, value in term.cases)
        return f"CASE{cases} ELSE {self.value(term.otherwise)} END"

    def _calculated(self, term: Call) -> str:
        operation, parts = term.operation, term.arguments
        if operation == "join":
            return "(" + f" {self.dialect.join} ".join(self.value(one) for one in parts) + ")"
        if operation in ARITHMETIC:
            return self._arithmetic(operation, parts)
        if operation in ("minimum", "maximum"):
            return self.extreme(operation, [self.value(one) for one in parts])
        once = operation in ("negate", "absolute") or (operation == "exponential" and self.dialect.ieee)
        x = parts[0] if once else self._plain(parts[0])
        text, known = self.value(x), range_of(x, self.known)
        match operation:
            case "negate":
                return f"(-({text}))" if text.startswith(("-", "(")) else f"(-{text})"
            case "absolute":
                return f"ABS({text})"
            case "floor":
                return self.floored(text)
            case "round_half_away_from_zero":
                half = self.number(0.5)
                up, down = self.floored(f"({text} + {half})"), self.floored(f"({half} - {text})")
                whole = self.number(WHOLE)
                return f"CASE WHEN ABS({text}) >= {whole} THEN {text} WHEN {text} < 0 THEN -({down}) ELSE {up} END"
            case "exponential":
                return guarded.exponential(self.dialect, text, known)
            case "logarithm":
                found = f"{self.dialect.logarithm}({text})"
                return found if known.low > 0 else f"CASE WHEN {text} > 0 THEN {found} END"
            case "normal":
                return self._normal(x)
        raise AssertionError(operation)

    def _normal(self, x: Term) -> str:
        cut = Call("maximum", (Call("minimum", (x, Constant(normal.LAST))), Constant(-normal.LAST)))
        z = self.bind(Call("multiply", (cut, Constant(normal.ROOT))))
        square = self.bind(Call("multiply", (z, z)))
        return normal.distribution(self.dialect, self.value(x), self.value(z), self.value(square))

    def floored(self, text: str) -> str:
        return self.dialect.floor.format(x=text, whole=self.number(WHOLE))

    def _plain(self, term: Term) -> Term:
        """A term that may be written several times without being calculated several times."""
        return term if isinstance(term, Name | Constant) else self.bind(term)

    def _arithmetic(self, operation: str, parts: tuple[Term, ...]) -> str:
        if len(parts) > BATCH:
            return self._arithmetic(operation, (self.bind(Call(operation, parts[:BATCH])), *parts[BATCH:]))
        if self.dialect.ieee:
            texts = [self.value(one) for one in parts]
            if operation == "divide" and not _positive(range_of(parts[1], self.known)):
                texts[1] = f"NULLIF({texts[1]}, {self.number(0.0)})"
            return "(" + f" {ARITHMETIC[operation]} ".join(texts) + ")"
        done, text, joined = parts[0], self.value(parts[0]), False
        for one in parts[1:]:
            if guarded.is_safe(operation, range_of(done, self.known), range_of(one, self.known)):
                left = text[1:-1] if joined else text
                text, joined = f"({left} {ARITHMETIC[operation]} {self.value(one)})", True
            else:
                joined = False
                text = self._guarded(operation, self._plain(done), self._plain(one))
            done = Call(operation, (done, one))
        return text

    def _guarded(self, operation: str, a: Term, b: Term) -> str:
        """One operation where arithmetic raises, on columns or constants."""
        values = tuple(float(one.value) if isinstance(one, Constant) else None for one in (a, b))
        return guarded.binary(self.dialect, operation, self.value(a), self.value(b), values)

    def extreme(self, operation: str, texts: list[str]) -> str:
        """The least or the greatest of numbers, in calls as long as the dialect takes."""
        if len(texts) == 1:
            return texts[0]
        function = self.dialect.least if operation == "minimum" else self.dialect.greatest
        if not function:
            name = "MIN" if operation == "minimum" else "MAX"
            rows = ", ".join(f"({one})" for one in texts)
            return f"(SELECT {name}(m.v) FROM (VALUES {rows}) AS m(v))"
        while len(texts) > 1:
            groups = batches(texts, self.dialect.most_arguments)
            texts = [f"{function}({', '.join(one)})" if len(one) > 1 else one[0] for one in groups]
        return texts[0]


def batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items in runs of `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _positive(known: Range) -> bool:
    return known.low > 0 or known.high < 0


def strict_names(term: Term) -> set[str] | None:
    """Names by each of which a number term is NULL where they are; None where that is not so of all that it reads."""
    if isinstance(term, Constant):
        return set()
    if isinstance(term, Name):
        return {term.name}
    if isinstance(term, Call) and term.operation in STRICT:
        parts = [strict_names(one) for one in term.arguments]
        return None if any(one is None for one in parts) else set().union(*(one for one in parts if one))
    return None


def flags_of(term: Term) -> set[str] | None:
    """Names whose being missing or in error makes a flag true; None where something else can."""
    if isinstance(term, Absent | Failed):
        return {term.name}
    if isinstance(term, Constant):
        return None if term.value else set()
    if isinstance(term, Call) and term.operation == "or":
        parts = [flags_of(one) for one in term.arguments]
        return None if any(one is None for one in parts) else set().union(*(one for one in parts if one))
    if isinstance(term, Call) and term.operation == "and":
        return next((found for one in term.arguments if (found := flags_of(one)) is not None), None)
    return None


def is_finite(text: str, dialect: Dialect) -> str:
    """A condition: neither infinite nor not a number."""
    return f"ABS({text}) <= {dialect.literal(GREATEST_DOUBLE)}"
