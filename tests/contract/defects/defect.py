"""What a seeded defect is, and how one is made of a good package."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tests.contract.altered import ANNEXES
from tests.contract.defects.bases import BASES, Base
from tests.contract.defects.consistent import Replaced, changed_json, run_base
from tests.contract.defects.severity import MODEL_EFFECTS, ORDER, REFUSED, at_least, demanded, material, measured
from validation import ValidationInputError, read_package, validate

TIMES = (1.2, 5.0)


@dataclass(frozen=True, slots=True)
class Good:
    """A good package and what the validator finds of it."""

    package: Path
    findings: list[dict[str, Any]]


def found(package: Path, *source: Path) -> list[dict[str, Any]]:
    """What the validator finds, with the rows of the source where they are given.

    A package that it refuses to read is one critical finding, `refused`.
    """
    try:
        return list(validate(read_package(package, source=source)).findings["findings"])
    except ValidationInputError as error:
        return [{"test": REFUSED, "severity": "critical", "statement": str(error)}]


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of a seeded defect: its size in multiples of what is material (None: a rule is broken), the severity
    that the policy demands, and of the findings that name its area the gravest one and its test (None: not caught)."""

    times: float | None
    demanded: str
    severity: str | None
    test: str | None
    new: tuple[tuple[str, str], ...]

    @property
    def enough(self) -> bool:
        """Whether it was found at the severity demanded or a graver one."""
        return self.severity is not None and at_least(self.severity, self.demanded)


@dataclass(frozen=True, slots=True)
class Making:
    """A defect being made: the good package, an empty folder for the wrong one, how many times material it shall be."""

    base: Base
    good: Path
    folder: Path
    times: float

    def developed(self, replaced: Replaced | None = None, table: pd.DataFrame | None = None) -> Path:
        """A package as it comes of a developer's programs in which functions are replaced, or of another table."""
        return run_base(self.base, self.folder, replaced, table)

    def copied(self, *annexes: str) -> Path:
        """A copy of the good package, of its annexes only those that are named."""
        gone = shutil.ignore_patterns(*(name for name in ANNEXES if name not in annexes))
        return Path(shutil.copytree(self.good, self.folder / "package", ignore=gone))

    def changed(self, file: str, change: Callable[[Any], Any]) -> Path:
        """A copy of the good package with one JSON file changed."""
        return changed_json(self.copied(), file, change)


@dataclass(frozen=True, slots=True)
class Defect:
    """One way in which a package can be wrong.

    effect: `probability`, `ranking` or `decisions` of the policy's matrix, whose size is measured between the packages;
    `figure RULE`, of a documented figure, in units of what is material to the tolerance RULE; `check NAME`, `cut NAME`,
    `tolerance NAME`, whose severity the policy fixes; or `refused`, where the package must not be read.
    areas: beginnings of the tests that name it. sized: made at 1.2 and at 5 times what is material, else once. slow:
    left out of CI at 5 times. size: measures it on the good package and the wrong one, where that is not the policy's
    measure of the effect. source: validated with the rows of the source.
    """

    name: str
    wrong: str
    base: str
    effect: str
    areas: tuple[str, ...]
    make: Callable[[Making], Path]
    sized: bool = True
    slow: bool = False
    size: Callable[[Path, Path], float] | None = None
    source: bool = False

    @property
    def times(self) -> tuple[float, ...]:
        """How many times material it is made."""
        return TIMES if self.sized else (1.0,)

    def made(self, good: Path, folder: Path, times: float) -> tuple[Path, float | None]:
        """The wrong package and the size of its defect in the unit of the effect (None where a rule is broken)."""
        package = self.make(Making(BASES[self.base], good, folder, times))
        if self.size is not None:
            return package, self.size(good, package)
        if self.effect in MODEL_EFFECTS:
            return package, measured(self.effect, good, package)
        return package, times * material(self.effect) if self.effect.startswith("figure ") else None


def seed(defect: Defect, good: Good, folder: Path, times: float) -> Caught:
    """Make a defect, validate the package, and judge what was found that was not found of the good package."""
    package, size = defect.made(good.package, folder, times)
    source = [folder / "table.csv"] if defect.source else []
    before = {(one["test"], one["severity"]) for one in good.findings}
    new = tuple(pair for one in found(package, *source) if (pair := (one["test"], one["severity"])) not in before)
    named = [pair for pair in new if pair[0].startswith(defect.areas)]
    test, severity = max(named, key=lambda pair: ORDER.index(pair[1]), default=(None, None))
    multiple = None if size is None else size / material(defect.effect)
    return Caught(multiple, demanded(defect.effect, size), severity, test, new)
