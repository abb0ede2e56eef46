"""A program walked for a language of statements: a printer says how its language writes what is said here once.

Each value has a place of its own and, where it can be missing or in error, flags beside it; one is set at most.
What is missing or in error stands as 0 or the empty text, so that reading it does no harm: only `in_error` counts.
"""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence

from credit_risk.export.code.blocks import kind_of_term, kinds, replaced, shared
from credit_risk.export.names import identifiers
from credit_risk.export.program import (
    Attribution,
    Band,
    Classify,
    Let,
    Line,
    Pick,
    Program,
    Rank,
    Statement,
    TreeSum,
    is_never,
    produced,
)
from credit_risk.export.program.terms import FLAG, Absent, Call, Choose, Constant, Failed, Name, Term

Lines = list[str]
Case = tuple[str, Lines]


class Printer(ABC):
    """Prints the statements of a program. `identifier` maps each name to its word in the language."""

    most_characters = 60
    reserved: Collection[str] = frozenset()

    def __init__(self, program: Program) -> None:
        self.program = program
        self.kinds = kinds(program)
        names = [one.name for one in program.inputs]
        names += [name for one in program.statements for name in produced(one)]
        self.identifier = identifiers(names, most=self.most_characters, reserved=self.reserved)
        self.locals = 0
        self.spoken: dict[str, str] = {}

    # ------------------------------------------------------------------------------------------- how it is written
    @abstractmethod
    def value(self, name: str) -> str:
        """The place of a value."""

    @abstractmethod
    def missing_flag(self, name: str) -> str:
        """The place of the flag that a value is missing."""

    @abstractmethod
    def error_flag(self, name: str) -> str:
        """The place of the flag that a value is in error."""

    @abstractmethod
    def number(self, value: float) -> str:
        """A constant number."""

    @abstractmethod
    def text(self, value: str) -> str:
        """A constant text."""

    @abstractmethod
    def truth(self, value: bool) -> str:
        """A constant flag."""

    @abstractmethod
    def _called(self, operation: str, arguments: Sequence[str], terms: Sequence[Term]) -> str:
        """An operation on what is written already."""

    @abstractmethod
    def _chosen(self, one: Choose) -> str:
        """A choice inside of an expression."""

    @abstractmethod
    def _assigned(self, place: str, expression: str) -> Lines:
        """An assignment."""

    @abstractmethod
    def _when(self, cases: Sequence[Case], otherwise: Lines) -> Lines:
        """The lines of the first case that holds, else `otherwise` (which may be empty)."""

    @abstractmethod
    def _local(self, term: Term, kind: str) -> tuple[str, Lines]:
        """A place for a part of a term that is read more than once, and the lines that fill it."""

    @abstractmethod
    def _checked(self, place: str, flag: str) -> Lines:
        """Where a number is not finite, it is in error."""

    @abstractmethod
    def _comment(self, text: str) -> Lines:
        """Plain text as lines of comment."""

    @abstractmethod
    def _classify(self, one: Classify) -> Lines: ...

    @abstractmethod
    def _pick(self, one: Pick) -> Lines: ...

    @abstractmethod
    def _tree_sum(self, one: TreeSum) -> Lines: ...

    @abstractmethod
    def _attribution(self, one: Attribution) -> Lines: ...

    @abstractmethod
    def _band(self, one: Band) -> Lines: ...

    @abstractmethod
    def _line(self, one: Line) -> Lines: ...

    @abstractmethod
    def _rank(self, one: Rank) -> Lines: ...

    # ----------------------------------------------------------------------------------------------- what is common
    def _absent(self, name: str) -> str:
        """Whether a value is missing, as an expression."""
        return self.missing_flag(name) if name in self.program.absent else self.truth(False)

    def _failed(self, name: str) -> str:
        """Whether a value is in error, as an expression."""
        return self.error_flag(name) if name in self.program.failed else self.truth(False)

    def unusable(self, name: str) -> str:
        """Whether a value is missing or in error, as an expression."""
        flags: list[Term] = [Absent(name)] if name in self.program.absent else []
        flags += [Failed(name)] if name in self.program.failed else []
        if not flags:
            return self.truth(False)
        return self.term(flags[0] if len(flags) == 1 else Call("or", tuple(flags)))

    def term(self, term: Term) -> str:
        """A term as an expression."""
        match term:
            case Constant(value=bool()):
                return self.truth(bool(term.value))
            case Constant(value=str()):
                return self.text(str(term.value))
            case Constant():
                return self.number(float(term.value))
            case Name():
                return self.spoken.get(term.name) or self.value(term.name)
            case Absent():
                return self._absent(term.name)
            case Failed():
                return self._failed(term.name)
            case Choose():
                return self._chosen(term)
            case Call():
                return self._called(term.operation, [self.term(one) for one in term.arguments], term.arguments)

    def condition(self, term: Term) -> str:
        """A flag where the language asks for a condition."""
        return self.term(term)

    def statement(self, one: Statement) -> Lines:
        """A statement other than a Tree, as lines."""
        for kind, method in self._methods():
            if isinstance(one, kind):
                return [*self._noted(one), *method(one)]
        raise TypeError(type(one).__name__)

    def _methods(self) -> list[tuple[type, Callable[..., Lines]]]:
        return [
            (Let, self._let),
            (Classify, self._classify),
            (Pick, self._pick),
            (TreeSum, self._tree_sum),
            (Attribution, self._attribution),
            (Band, self._band),
            (Line, self._line),
            (Rank, self._rank),
        ]

    def _noted(self, one: Statement) -> Lines:
        note = getattr(one, "note", "")
        names = ", ".join(name for name in produced(one) if self.identifier[name] != name)
        return self._comment(f"{names}: {note}" if names and note else note or names) if names or note else []

    def _let(self, one: Let) -> Lines:
        """In error, missing, or the value."""
        cases: list[Case] = []
        if not is_never(one.failed):
            cases.append((self.condition(one.failed), self._assigned(self.error_flag(one.name), self.truth(True))))
        if not is_never(one.absent):
            cases.append((self.condition(one.absent), self._assigned(self.missing_flag(one.name), self.truth(True))))
        lines = self._stored(one)
        return self._when(cases, lines) if cases else lines

    def _stored(self, one: Let) -> Lines:
        """The value of a Let into its place."""
        before, term = self._unfolded(one.value)
        place = self.value(one.name)
        if isinstance(term, Choose):
            cases = [(self.condition(flag), self._filled(place, value, one.kind)) for flag, value in term.cases]
            lines = self._when(cases, self._filled(place, term.otherwise, one.kind))
        else:
            lines = self._filled(place, term, one.kind)
        return [*before, *lines, *(self._checked(place, self.error_flag(one.name)) if one.checked else [])]

    def _filled(self, place: str, term: Term, kind: str) -> Lines:
        """A term without parts that are read twice into a place."""
        return self._assigned(place, self.term(term) if kind != FLAG else self.condition(term))

    def _unfolded(self, term: Term) -> tuple[Lines, Term]:
        """Lines for the parts of a term that stand in it more than once, and the term that reads them."""
        lines: Lines = []
        known: dict[Term, Term] = {}
        for part in shared(term):
            self.locals += 1
            name = f"\0{self.locals}"
            kind = kind_of_term(part, self.kinds)
            place, filling = self._local(replaced(part, known), kind)
            self.spoken[name], self.kinds[name] = place, kind
            lines += filling
            known[part] = Name(name)
        return lines, replaced(term, known)


def wrapped(text: str, width: int) -> Lines:
    """Plain text in lines of at most `width` characters."""
    return textwrap.wrap(text, width, break_long_words=True, break_on_hyphens=False) or [""]


def readable(text: str) -> str:
    """A name or label for a comment: without line breaks and characters that are not seen."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
