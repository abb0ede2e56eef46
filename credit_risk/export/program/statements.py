"""Statements of an export program, and the program itself: a model.json in the order in which it is calculated.

A value has three sides: the value, whether it is missing, whether it is in error; of a value that cannot be missing
or in error the flags are the constant false. A printer of a target language gives each statement its form there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from credit_risk.export.program.terms import FALSE, Constant, Term, names_read


@dataclass(frozen=True, slots=True)
class Input:
    """An input column: `kind` is number or text. It can be missing, never in error; an empty text is missing."""

    name: str
    kind: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Let:
    """`name` is `value`, where neither `absent` nor `failed`.

    checked: where the value is not finite the name is in error too, and the name counts as one that can be.
    """

    name: str
    kind: str
    value: Term
    absent: Term = FALSE
    failed: Term = FALSE
    checked: bool = False
    step: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of a classing: what it holds beside its label and WoE.

    kind: `interval` (`[lower, upper)`, None open), `categories` (`values`), `special`, `missing`, `unseen`. Special
    `codes` may stand in any; `takes_missing` says that missing falls into it.
    """

    id: int
    kind: str
    label: str
    lower: float | None = None
    upper: float | None = None
    values: tuple[str, ...] = ()
    codes: tuple[float | str, ...] = ()
    takes_missing: bool = False


@dataclass(frozen=True, slots=True)
class Classify:
    """`name` is the id of the bin of `input`: missing, then special codes, then interval or categories, then unseen."""

    name: str
    input: str
    numeric: bool
    bins: tuple[Bin, ...]
    step: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """`name` is `values[bin]` of a Classify: weights of evidence or points. `labels` are those of the bins."""

    name: str
    bin: str
    values: tuple[float, ...]
    labels: tuple[str, ...]
    step: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """`name` is the value of the leaf of one tree: node 0 is the root, `left[i]` −1 marks a leaf, children come later.

    A missing feature goes left where `default_left`, else left where it is below the threshold.
    """

    name: str
    features: tuple[str, ...]
    feature: tuple[int, ...]
    threshold: tuple[float | None, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    default_left: tuple[bool, ...]
    value: tuple[float, ...]
    number: int
    step: str = ""


@dataclass(frozen=True, slots=True)
class TreeSum:
    """`name` is `((base + offset) + tree1) + tree2 …`; offset is a name or None."""

    name: str
    base: float
    offset: str | None
    trees: tuple[str, ...]
    failed: Term = FALSE
    step: str = ""


@dataclass(frozen=True, slots=True)
class Attribution:
    """What each characteristic adds to trees, against background rows (`attribution`, SPECIFICATION section 3.2).

    outputs: a name a characteristic. groups: for each characteristic the places of its features among `features`.
    background: rows of features (None missing) with weights; `trees` are the names of the Tree statements.
    """

    outputs: tuple[str, ...]
    characteristics: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    features: tuple[str, ...]
    trees: tuple[str, ...]
    multiplier: float
    background: tuple[tuple[float | None, ...], ...]
    weights: tuple[float, ...]
    failed: Term = FALSE
    step: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """`name` is `levels[i]` where `input` lies in `[cuts[i − 1], cuts[i])`, ends open; one level more than cuts.

    Missing and error pass through. The levels are numbers (a step function) or texts (grades, bands).
    """

    name: str
    kind: str
    input: str
    cuts: tuple[float, ...]
    levels: tuple[float, ...] | tuple[str, ...]
    step: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """`y[i] + (x − knots[i])·slopes[i]` between knots, constant outside. Missing and error pass through."""

    name: str
    input: str
    knots: tuple[float, ...]
    levels: tuple[float, ...]
    slopes: tuple[float, ...]
    step: str = ""


@dataclass(frozen=True, slots=True)
class Rank:
    """`names` are the reason codes of the greatest positive shortfalls `baselines[k] − inputs[k]`, equal ones in order.

    At most `maximum`; where `inquiries` (places) is given, one name more: where none of them is told, the one with the
    greatest positive shortfall (the first of equals) is added as the last. A reason that is not there is missing.
    """

    names: tuple[str, ...]
    inputs: tuple[str, ...]
    characteristics: tuple[str, ...]
    baselines: tuple[float, ...]
    codes: tuple[str, ...]
    maximum: int
    inquiries: tuple[int, ...] = ()
    failed: Term = FALSE
    step: str = ""


Statement = Let | Classify | Pick | Tree | TreeSum | Attribution | Band | Line | Rank


@dataclass(frozen=True, slots=True)
class Published:
    """A result: the name of its column as in `predictions/`, the value it stands for, and its kind."""

    column: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Program:
    """A model as statements. `absent` and `failed` are the names that can be missing, that can be in error.

    notes: what the program leaves out of the model, in words; a printer writes them into the head of its export.
    """

    model_id: str
    model_name: str
    model_version: str
    package_hash: str
    probability_name: str
    inputs: tuple[Input, ...]
    statements: tuple[Statement, ...]
    published: tuple[Published, ...]
    absent: frozenset[str]
    failed: frozenset[str]
    notes: tuple[str, ...] = field(default=())


def produced(statement: Statement) -> tuple[str, ...]:
    """Names that a statement gives."""
    if isinstance(statement, Attribution):
        return statement.outputs
    return statement.names if isinstance(statement, Rank) else (statement.name,)


def read(statement: Statement) -> Iterator[str]:
    """Names that a statement reads, with repetition."""
    match statement:
        case Let():
            for term in (statement.value, statement.absent, statement.failed):
                yield from names_read(term)
        case Classify() | Band() | Line():
            yield statement.input
        case Pick():
            yield statement.bin
        case Tree():
            used = {place for place, left in zip(statement.feature, statement.left, strict=True) if left >= 0}
            yield from (statement.features[place] for place in sorted(used))
        case TreeSum():
            yield from (*((statement.offset,) if statement.offset else ()), *statement.trees)
            yield from names_read(statement.failed)
        case Attribution():
            yield from (*statement.features, *statement.trees, *names_read(statement.failed))
        case Rank():
            yield from (*statement.inputs, *names_read(statement.failed))


def kind_of(statement: Statement) -> str:
    """Kind of what a statement gives."""
    match statement:
        case Let() | Band():
            return statement.kind
        case Classify():
            return "bin"
        case Rank():
            return "text"
    return "number"


def is_never(flag: Term) -> bool:
    """Whether a flag is the constant false."""
    return isinstance(flag, Constant) and flag.value is False
