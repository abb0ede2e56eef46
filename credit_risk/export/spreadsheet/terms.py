"""Terms of a program as formulas that Excel and LibreOffice calculate alike.

Both compare numbers with `=` and `<` only to about 15 digits, and let a difference that nearly vanishes be 0. So
`GESTEP(a,b)` (1 where a ≥ b) and `DELTA(a,b)` (1 where equal) compare, `STANDARDIZE(a,b,1)` subtracts: they do it in
full double precision. Texts are compared by `EXACT`. A value that is missing or in error is the empty text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from credit_risk.export.program import Program
from credit_risk.export.program.terms import Absent, Call, Choose, Constant, Failed, Name, Term, parts
from credit_risk.export.spreadsheet.dates import date_formula
from credit_risk.export.spreadsheet.formulas import (
    MOST_CHARACTERS,
    MOST_DEPTH,
    Formula,
    compose,
    reference,
    words,
)
from credit_risk.export.spreadsheet.tables import LOOKUPS, Tables

TRUE, FALSE, EMPTY = words("TRUE"), words("FALSE"), words('""')
_FLAGS = {"and", "or", "not"}
_ARGUMENTS = 40
Bind = Callable[[Formula], Formula]


def literal(value: float) -> str | None:
    """A number as Excel reads it to the last bit: at most 15 digits; None where a cell has to hold it."""
    text = f"{value:.15G}"
    if float(text) != value or not (value == 0 or 1e-300 < abs(value) < 1e300):
        return None
    return text


class Terms:
    """Prints terms. `bind` puts a formula into a cell of its own, for what would be too long or too deep."""

    def __init__(self, program: Program, tables: Tables, bind: Bind) -> None:
        self.program = program
        self.tables = tables
        self.bind = bind
        self.used = ""
        self.plain_sums = False

    def print(self, term: Term) -> Formula:
        """The formula of a term of any kind."""
        made = self._print(term)
        return self.bind(made) if made.size > MOST_CHARACTERS // 2 or made.depth > MOST_DEPTH // 2 else made

    def _print(self, term: Term) -> Formula:
        match term:
            case Constant(value=value):
                return self._constant(value)
            case Name(name=name):
                return reference("value", name)
            case Absent(name=name):
                empty = compose('{}=""', reference("value", name))
                return compose("IF({},FALSE,{})", reference("failed", name), empty) if self._both(name) else empty
            case Failed(name=name):
                if self._both(name):
                    return reference("failed", name)
                return compose('{}=""', reference("value", name))
            case Choose(cases=cases, otherwise=otherwise):
                return self._choose(cases, otherwise)
            case Call(operation="and", arguments=arguments):
                return self._junction(arguments, "AND", "IF({},{},FALSE)")
            case Call(operation="or", arguments=arguments):
                return self._junction(arguments, "OR", "IF({},TRUE,{})")
            case Call(operation=operation, arguments=arguments) if operation in _SPECIAL:
                return _SPECIAL[operation](self, arguments)
            case Call(operation=operation, arguments=arguments):
                return compose(_SIMPLE[operation], *map(self.print, arguments))
        raise TypeError(term)

    def _both(self, name: str) -> bool:
        """Whether a name can be missing and can be in error: an empty cell does not tell which."""
        return name in self.program.absent and name in self.program.failed

    def _constant(self, value: float | str | bool) -> Formula:
        if isinstance(value, bool):
            return TRUE if value else FALSE
        if isinstance(value, str):
            return words(self.tables.text(value, self.used)) if value else EMPTY
        return words(literal(value) or self.tables.number(value, self.used))

    def _choose(self, cases: tuple[tuple[Term, Term], ...], otherwise: Term) -> Formula:
        made = self.print(otherwise)
        for flag, value in reversed(cases):
            made = self._bounded(compose("IF({},{},{})", self.print(flag), self.print(value), made))
        return made

    def _junction(self, arguments: tuple[Term, ...], function: str, template: str) -> Formula:
        """Flags that cannot break are joined by a function; others by IF, which reads no further than it must."""
        printed = [self.print(one) for one in arguments]
        if len(printed) <= _ARGUMENTS and all(map(self._harmless, arguments)):
            return compose(f"{function}({','.join(['{}'] * len(printed))})", *printed)
        made = printed[-1]
        for one in reversed(printed[:-1]):
            made = self._bounded(compose(template, one, made))
        return made

    def _harmless(self, flag: Term) -> bool:
        if isinstance(flag, Absent | Failed | Constant):
            return True
        if isinstance(flag, Call):
            return flag.operation in _FLAGS and all(map(self._harmless, parts(flag)))
        return False

    def _bounded(self, made: Formula) -> Formula:
        return self.bind(made) if made.size > MOST_CHARACTERS // 2 or made.depth > MOST_DEPTH // 2 else made

    def _left_to_right(self, template: str, arguments: tuple[Term, ...]) -> Formula:
        made = self.print(arguments[0])
        for one in arguments[1:]:
            made = self._bounded(compose(template, made, self.print(one)))
        return made

    def _add(self, arguments: tuple[Term, ...]) -> Formula:
        if self.plain_sums:
            return compose("({})", self.chain("+", [self.print(one) for one in arguments]))
        made = self.print(arguments[0])
        for one in arguments[1:]:
            if made == words("0"):
                made = self.print(one)
            else:
                made = self._bounded(compose("STANDARDIZE({},-{},1)", made, self.print(one)))
        return made

    def chain(self, operator: str, printed: list[Formula]) -> Formula:
        """Formulas joined by an operator from left to right, cut into cells where it gets long."""
        made = printed[0]
        count = 1
        for one in printed[1:]:
            if made.size + one.size > MOST_CHARACTERS // 2 or count >= 100:
                made, count = self.bind(made), 0
            joined = compose(f"{{}}{operator}{{}}", made, one)
            made, count = Formula(joined.pieces, max(made.depth, one.depth), joined.size), count + 1
        return made

    def _multiply(self, arguments: tuple[Term, ...]) -> Formula:
        first, *others = map(self.print, arguments)
        made = first
        for one in others:
            made = self._bounded(compose("({}*{})", made, one))
        return made

    def _floor(self, arguments: tuple[Term, ...]) -> Formula:
        x = self.single(self.print(arguments[0]))
        return _floor_of(x)

    def _round(self, arguments: tuple[Term, ...]) -> Formula:
        """Half away from zero: the sign times the floor of the absolute value and one half."""
        x = self.single(self.print(arguments[0]))
        half = self.bind(compose("ABS({})+0.5", x))
        return compose("SIGN({})*({})", x, _floor_of(half))

    def single(self, made: Formula) -> Formula:
        """A formula that may be written many times: itself where it is plain, else its own cell."""
        return made if made.plain else self.bind(made)

    def _extreme(self, function: str) -> Callable[[tuple[Term, ...]], Formula]:
        def printed(arguments: tuple[Term, ...]) -> Formula:
            return self._left_to_right(f"{function}({{}},{{}})", arguments)

        return printed

    def _one_of(self, arguments: tuple[Term, ...]) -> Formula:
        x = self.single(self.print(arguments[0]))
        values = [float(one.value) for one in arguments[1:] if isinstance(one, Constant)]
        listed = self.tables.add(LOOKUPS, f"Values asked for by {self.used}", ["Value"], [(v,) for v in values])
        place = self.bind(compose(f"IFERROR(MATCH({{}},{listed.column(0)},0),0)", x))
        return compose(f"IF({{}}=0,FALSE,DELTA({{}},INDEX({listed.column(0)},{{}}))=1)", place, x, place)

    def _text_one_of(self, arguments: tuple[Term, ...]) -> Formula:
        values = [str(one.value) for one in arguments[1:] if isinstance(one, Constant)]
        listed = self.tables.add(LOOKUPS, f"Texts asked for by {self.used}", ["Text"], [(v,) for v in values])
        return compose(f"SUMPRODUCT(--EXACT({{}},{listed.column(0)}))>0", self.print(arguments[0]))

    def _join(self, arguments: tuple[Term, ...]) -> Formula:
        return self.chain("&", [self.print(one) for one in arguments])


def _floor_of(x: Formula) -> Formula:
    """The floor: INT, one less where that took a number just below a whole one for the whole one."""
    return compose("(INT({})-IF(GESTEP({},INT({}))=1,0,1))", x, x, x)


def _dated(operation: str, terms: Terms, arguments: tuple[Term, ...]) -> Formula:
    return date_formula(operation, terms.single(terms.print(arguments[0])), terms.bind)


_SIMPLE = {
    "subtract": "STANDARDIZE({},{},1)",
    "divide": "({}/({}))",
    "negate": "-({})",
    "absolute": "ABS({})",
    "exponential": "EXP({})",
    "logarithm": "LN({})",
    "normal": "NORMSDIST({})",
    "less": "GESTEP({},{})=0",
    "equal": "DELTA({},{})=1",
    "text_equal": "EXACT({},{})",
    "not": "NOT({})",
}
_SPECIAL: dict[str, Callable[[Terms, tuple[Term, ...]], Formula]] = {
    "add": Terms._add,
    "multiply": Terms._multiply,
    "floor": Terms._floor,
    "round_half_away_from_zero": Terms._round,
    "minimum": lambda terms, arguments: terms._extreme("MIN")(arguments),
    "maximum": lambda terms, arguments: terms._extreme("MAX")(arguments),
    "less_or_equal": lambda terms, pair: compose("GESTEP({},{})=1", terms.print(pair[1]), terms.print(pair[0])),
    "one_of": Terms._one_of,
    "text_one_of": Terms._text_one_of,
    "join": Terms._join,
    **{
        operation: partial(_dated, operation)
        for operation in ("is_date", "date_day", "date_year", "date_month", "date_day_of_month", "date_ends_month")
    },
}
