"""README.md of this folder: every defect with its sizes, the severity that the policy demands, and what was found.

`python -m tests.contract.defects.told` makes every defect and writes the table anew, with names of defects only their
lines.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path

from tests.contract.defects.bases import BASES
from tests.contract.defects.consistent import run_base
from tests.contract.defects.defect import Caught, Defect, Good, found, seed
from tests.contract.defects.registry import DEFECTS

README = Path(__file__).with_name("README.md")
HEAD = "| Defect | What is wrong | Package | Effect | Times material | Demanded | Found | Finding |\n"
BEGIN = HEAD + "|---" * 8 + "|\n"


def title(defect: Defect, times: float) -> str:
    """The first cell of a line."""
    return f"{defect.name} {times:g}" if defect.sized else defect.name


def row(defect: Defect, times: float, caught: Caught) -> str:
    """One line of the table."""
    size = "-" if caught.times is None else f"{caught.times:.2f}"
    cells = (title(defect, times), defect.wrong, defect.base, defect.effect, size, caught.demanded)
    return f"| {' | '.join((*cells, caught.severity or 'nothing', caught.test or '-'))} |\n"


def lines() -> dict[str, str]:
    """The lines of README.md by their first cell."""
    told = README.read_text("utf-8").partition(BEGIN)[2].splitlines(keepends=True)
    return {line.split(" | ", 1)[0].removeprefix("| "): line for line in told}


def written(told: Iterable[str]) -> str:
    """README.md with these lines."""
    return README.read_text("utf-8").partition(BEGIN)[0] + BEGIN + "".join(told)


def main(names: Collection[str]) -> None:
    """Make every defect, or those of these names, and write the table."""
    goods: dict[str, Good] = {}
    before = lines() if names else {}
    with tempfile.TemporaryDirectory() as name:
        folder, told = Path(name), []
        for defect, times in ((one, times) for one in DEFECTS for times in one.times):
            if names and defect.name not in names:
                told.append(before[title(defect, times)])
                continue
            if defect.base not in goods:
                package = run_base(BASES[defect.base], folder / "good" / defect.base)
                goods[defect.base] = Good(package, found(package))
            place = folder / defect.name / f"{times:g}"
            told.append(row(defect, times, seed(defect, goods[defect.base], place, times)))
            shutil.rmtree(place)
    README.write_text(written(told), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
