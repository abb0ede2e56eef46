"""Names of items in COBOL: of values and their flags, of constants, of intermediate results."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from credit_risk.export.code.blocks import kinds
from credit_risk.export.code.cobol_layout import LAST_COLUMN, bits, key, spelled
from credit_risk.export.code.imperative import Lines
from credit_risk.export.names import identifiers
from credit_risk.export.program import Program, produced

MOST_CHARACTERS = 24
"""Characters of a name behind its prefix: names have at most 30."""


class Text(NamedTuple):
    """What is to be read of a text: its length in bytes, and its place or literal. `value` is that of a constant."""

    length: str
    place: str
    value: str | None = None


class Words:
    """Items of a program.

    `constants`, `keys` and `texts` are the constants that were used, with the names of their items; `used` counts items
    for intermediate results: N numbers, K keys, F flags, T texts.
    """

    def __init__(self, program: Program, text_size: int) -> None:
        self.program, self.text_size = program, text_size
        self.kinds = kinds(program)
        names = [one.name for one in program.inputs]
        names += [name for one in program.statements for name in produced(one)]
        self.identifier = {
            name: word.upper().replace("_", "-") for name, word in identifiers(names, most=MOST_CHARACTERS).items()
        }
        self.constants: dict[float, str] = {}
        self.keys: dict[float, str] = {}
        self.texts: dict[str, str] = {}
        self.used: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()

    def value(self, name: str) -> str:
        """The item of a value: bits of a number, a flag, the bytes of a text."""
        return f"V-{self.identifier[name]}"

    def length(self, name: str) -> str:
        """The item of the length of a text."""
        return f"L-{self.identifier[name]}"

    def missing(self, name: str) -> str:
        """The flag that a value is missing."""
        return f"M-{self.identifier[name]}"

    def error(self, name: str) -> str:
        """The flag that a value is in error."""
        return f"E-{self.identifier[name]}"

    def unusable(self, name: str) -> str:
        """The condition that a value is missing or in error; empty where it never is."""
        flags = [f"{self.missing(name)} = 1"] if name in self.program.absent else []
        flags += [f"{self.error(name)} = 1"] if name in self.program.failed else []
        return " OR ".join(flags)

    def constant(self, value: float) -> str:
        """The item of a constant number."""
        return self.constants.setdefault(value + 0.0, f"C-{len(self.constants) + 1}")

    def key(self, value: float) -> str:
        """The item of the key of a constant number."""
        return self.keys.setdefault(value + 0.0, f"K-{len(self.keys) + 1}")

    def text_constant(self, value: str) -> Text:
        """A constant text: a literal, or an item where it is too long for one."""
        length = str(len(value.encode("utf-8")))
        literals = spelled(value)
        if len(literals) < 2:
            return Text(length, literals[0] if literals else "SPACES", value)
        return Text(length, self.texts.setdefault(value, f"T-{len(self.texts) + 1}"), value)

    def temporary(self, kind: str) -> str:
        """An item for an intermediate result."""
        self.counts[kind] += 1
        self.used[kind] = max(self.used[kind], self.counts[kind])
        return f"X{kind}-{self.counts[kind]}"

    def constant_items(self) -> Lines:
        """Working storage: constants and intermediate results."""
        lines: Lines = []
        for items, of in ((self.constants, bits), (self.keys, key)):
            for value, name in items.items():
                told = repr(value)
                line = f"       01  {name} PIC S9(18) COMP-5 VALUE {of(value)}."
                fits = len(line) + len(told) + 5 <= LAST_COLUMN
                lines += [f"{line}  *> {told}"] if fits else [f"      *    {told}", line]
        pictures = {"N": "PIC S9(18) COMP-5", "K": "PIC S9(18) COMP-5", "F": "PIC S9(4) COMP-5"}
        for kind, count in sorted(self.used.items()):
            for k in range(1, count + 1):
                lines.append(f"       01  X{kind}-{k} {pictures.get(kind, f'PIC X({self.text_size})')}.")
                lines += [f"       01  XT-{k}-LEN PIC S9(9) COMP-5."] if kind == "T" else []
        return lines

    @staticmethod
    def truth(value: bool) -> str:
        """A condition that always or never holds."""
        return f"FP-ONE = {int(value)}"
