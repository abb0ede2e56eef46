"""Keep R's answers: `python -m tests.reference.second_technology.make_frozen NAME=PACKAGE ...`, R on the path.

NAME is the folder of the answer: german_credit, taiwan_credit, loss_amounts, lgd; PACKAGE the package as the plans
of these names make it (`tests/plans`, `scorecards`). The simulated models are always among them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reference.second_technology.models import FOLDER, of_package, simulated
from validation import second_technology

FILES = ("coefficients.csv", "fits.csv", "bins.csv", "r.csv")


def main(given: list[str]) -> None:
    """Write the answers and what R says of itself."""
    asked = {"simulated": (simulated(), [])}
    asked |= {name: of_package(Path(path)) for name, path in (one.split("=", 1) for one in given)}
    program = shutil.which("Rscript")
    assert program is not None, "no Rscript on the path"
    for name, (models, classings) in asked.items():
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            second_technology.write_inputs(folder, models, classings)
            assert second_technology.run(program, folder, 600.0) is None
            (FOLDER / name).mkdir(exist_ok=True)
            for file in FILES:
                shutil.copy(folder / file, FOLDER / name / file)
    told = subprocess.run([program, "--vanilla", "-e", "print(sessionInfo())"], capture_output=True, check=True)
    (FOLDER / "session_info.txt").write_bytes(told.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
