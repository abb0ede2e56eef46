"""README.md of this folder: every defect with its sizes, the severity that the policy demands, and what was found.

`python -m tests.contract.defects.told` makes every defect and writes the table anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.contract.defects.bases import BASES
from tests.contract.defects.consistent import run_base
from tests.contract.defects.defect import Caught, Defect, Good, found, seed
from tests.contract.defects.registry import DEFECTS

README = Path(__file__).with_name("README.md")
HEAD = "| Defect | What is wrong | Package | Effect | Times material | Demanded | Found | Finding |\n"
BEGIN = HEAD + "|---" * 8 + "|\n"


def row(defect: Defect, times: float, caught: Caught) -> str:
    """One line of the table."""
    size = "-" if caught.times is None else f"{caught.times:.2f}"
    name = f"{defect.name} {times:g}" if defect.sized else defect.name
    cells = (name, defect.wrong, defect.base, defect.effect, size, caught.demanded)
    return f"| {' | '.join((*cells, caught.severity or 'nothing', caught.test or '-'))} |\n"


def lines() -> dict[tuple[str, float], str]:
    """The lines of README.md by defect and how many times material it is made."""
    told = README.read_text("utf-8").partition(BEGIN)[2].splitlines(keepends=True)
    cases = [(one.name, times) for one in DEFECTS for times in one.times]
    return dict(zip(cases, told, strict=True))


def written(told: Iterable[str]) -> str:
    """README.md with these lines."""
    return README.read_text("utf-8").partition(BEGIN)[0] + BEGIN + "".join(told)


def main() -> None:
    """Make every defect and write the table."""
    goods: dict[str, Good] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, told = Path(name), []
        for defect in DEFECTS:
            if defect.base not in goods:
                package = run_base(BASES[defect.base], folder / "good" / defect.base)
                goods[defect.base] = Good(package, found(package))
            for times in defect.times:
                place = folder / defect.name / f"{times:g}"
                told.append(row(defect, times, seed(defect, goods[defect.base], place, times)))
    README.write_text(written(told), "utf-8")


if __name__ == "__main__":
    main()
