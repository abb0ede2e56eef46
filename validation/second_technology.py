"""Linear models and weights of evidence once more by R, where it is installed: another language, other numerics.

One process of base R runs `validation/r/linear_models.R` over a temporary folder. Only numbers and fixed words go
there, models and characteristics by number: no text of a package reaches R or a shell. Numbers go as doubles, so that
nothing is lost on the way, and come back as decimal texts of 17 digits.
"""

from __future__ import annotations

import csv
import math
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.linear_models import LinearModel

Floats = NDArray[np.float64]
PROGRAM = "Rscript"
SCRIPT = "linear_models.R"
TIMEOUT = 300.0
"""Seconds after which R is stopped."""
NOT_INSTALLED = "R is not installed: no Rscript on the path"
FAMILIES = ("logistic", "fractional", "gamma", "tweedie", "beta")
LINKS = ("logit", "probit", "log")
COVARIANCES = ("nonrobust", "hc0", "hc1", "cluster")


@dataclass(frozen=True, slots=True)
class Classing:
    """Bins of one characteristic over the development rows (n,): ids, of which there are `bins`, outcome and weight."""

    ids: NDArray[np.int64]
    bins: int
    outcome: Floats
    weight: Floats
    zero_cell: float


@dataclass(frozen=True, slots=True)
class Estimates:
    """R's coefficients and standard errors (k,) of one model, NaN where it found none, its deviance, whether it
    converged."""

    coefficient: Floats
    standard_error: Floats
    deviance: float
    converged: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What R gave: its version, models in the order asked, weights of evidence (bins,) in the order asked.

    reason: why there is no answer, None where there is one.
    """

    version: str = ""
    models: tuple[Estimates, ...] = ()
    woe: tuple[Floats, ...] = field(default=(), repr=False)
    reason: str | None = None


def ask_r(
    models: Sequence[LinearModel],
    classings: Sequence[Classing] = (),
    program: str | None = None,
    timeout: float = TIMEOUT,
) -> Answer:
    """Estimate models and count bins in R. program: path of Rscript, by default the one on the path."""
    found = program or shutil.which(PROGRAM)
    if found is None:
        return Answer(reason=NOT_INSTALLED)
    with tempfile.TemporaryDirectory(prefix="credit-validate-r-") as name:
        folder = Path(name)
        write_inputs(folder, models, classings)
        reason = run(found, folder, timeout)
        if reason is not None:
            return Answer(reason=reason)
        try:
            return read_answer(folder, models, classings)
        except (OSError, KeyError, ValueError, IndexError) as error:
            return Answer(reason=f"the answer of R cannot be read: {error}")


def write_inputs(folder: Path, models: Sequence[LinearModel], classings: Sequence[Classing]) -> None:
    """Write what R reads. Raises ValueError where a family, link or covariance is none of the fixed words."""
    rows = []
    for number, one in enumerate(models, start=1):
        if one.family not in FAMILIES or one.link not in LINKS or one.covariance not in COVARIANCES:
            raise ValueError(f"no family {one.family}, link {one.link} and covariance {one.covariance}")
        columns = [one.y, one.weight, one.offset, one.clusters.astype(np.float64), *one.x.T]
        (folder / f"model_{number}.bin").write_bytes(np.concatenate(columns).astype("<f8").tobytes())
        power = repr(float(one.power)) if math.isfinite(one.power) else "NA"
        rows.append([number, len(one.y), one.x.shape[1], one.family, one.link, power, one.covariance])
    _write(folder / "models.csv", ["model", "rows", "terms", "family", "link", "power", "covariance"], rows)
    rows = []
    for number, held in enumerate(classings, start=1):
        columns = [held.outcome, held.weight, held.ids.astype(np.float64)]
        (folder / f"classing_{number}.bin").write_bytes(np.concatenate(columns).astype("<f8").tobytes())
        rows.append([number, len(held.ids), held.bins, repr(float(held.zero_cell))])
    _write(folder / "classings.csv", ["classing", "rows", "bins", "zero_cell"], rows)


def read_answer(folder: Path, models: Sequence[LinearModel], classings: Sequence[Classing]) -> Answer:
    """Read what R wrote; raises ValueError, KeyError or IndexError where it is not what was asked for."""
    terms: dict[int, list[tuple[float, float]]] = {}
    for row in _read(folder / "coefficients.csv"):
        terms.setdefault(int(row["model"]), []).append((_number(row["coefficient"]), _number(row["standard_error"])))
    fits = {int(row["model"]): row for row in _read(folder / "fits.csv")}
    found = []
    for number, one in enumerate(models, start=1):
        values = np.array(terms[number], dtype=np.float64)
        if values.shape != (one.x.shape[1], 2):
            raise ValueError(f"model {number} has {len(values)} terms, not {one.x.shape[1]}")
        fit = fits[number]
        found.append(Estimates(values[:, 0], values[:, 1], _number(fit["deviance"]), fit["converged"] == "1"))
    woes: dict[int, list[float]] = {}
    for row in _read(folder / "bins.csv"):
        woes.setdefault(int(row["classing"]), []).append(_number(row["woe"]))
    woe = tuple(np.array(woes[number], dtype=np.float64) for number in range(1, len(classings) + 1))
    if [len(values) for values in woe] != [held.bins for held in classings]:
        raise ValueError("a classing has another number of bins")
    return Answer(next(_read(folder / "r.csv"))["version"], tuple(found), woe)


def run(program: str, folder: Path, timeout: float) -> str | None:
    """Run the script over a folder; why it failed, None where it did not. No setting of the user's R is read."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    environment = {**kept, "LC_ALL": "C", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with resources.as_file(resources.files("validation").joinpath("r", SCRIPT)) as script:
        command = [program, "--vanilla", str(script), str(folder)]
        try:
            ended = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            return f"R was stopped after {timeout:g} s"
        except OSError as error:
            return f"R could not be started: {error.strerror}"
    if ended.returncode:
        said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        return f"R ended with status {ended.returncode}{': ' + said[-1][:200] if said else ''}"
    return None


def _write(path: Path, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="ascii", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([names, *rows])


def _read(path: Path) -> csv.DictReader[str]:
    return csv.DictReader(path.read_text("ascii").splitlines())


def _number(text: str) -> float:
    return math.nan if text in ("NA", "NaN") else float(text)


def relative(one: Floats | float, other: Floats | float) -> Floats:
    """Difference over the size of the greater of two values; 0 where they are equal, NaN where one is not known."""
    a, b = np.asarray(one, np.float64), np.asarray(other, np.float64)
    size = np.maximum(np.abs(a), np.abs(b))
    return np.where(a == b, 0.0, np.abs(a - b) / np.where(size > 0, size, 1.0))


__all__ = ["Answer", "Classing", "Estimates", "ask_r", "read_answer", "relative", "run", "write_inputs"]
