"""What runs the exports of export_peers.py: JPMML, PMML4S, and m2cgen's C and Java with a loop around them."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests import engines

BATCH = 5_000
PROBABILITY = ("probability", "probability(1)", "bad_probability_1", "probability_1")
POINTS = ("score", "bad", "predicted_bad")
GRADES = {"A", "B", "C"}
C_MAIN = """
#include <stdio.h>
void score(double *input, double *output);
int main(void) {
    double in[COLUMNS], out[2];
    while (fread(in, sizeof(double), COLUMNS, stdin) == COLUMNS) {
        if (SINGLE) for (int k = 0; k < COLUMNS; k++) in[k] = (float)in[k];
        score(in, out);
        fwrite(out + 1, sizeof(double), 1, stdout);
    }
    return 0;
}
"""
JAVA_MAIN = """
import java.io.*;
public class Main {
    public static void main(String[] a) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out));
        int rows = Integer.parseInt(a[0]), columns = Integer.parseInt(a[1]);
        double[] x = new double[columns];
        for (int r = 0; r < rows; r++) {
            for (int k = 0; k < columns; k++) x[k] = in.readDouble();
            out.writeDouble(Model.score(x)[1]);
        }
        out.flush();
    }
}
"""


@dataclass(frozen=True, slots=True)
class Scored:
    """What an engine gave, (m,) each: NaN where it gives no number; None where the export holds none.

    `said`: what the engine says of the first row that it refuses.
    """

    probability: np.ndarray
    linear: np.ndarray | None = None
    points: np.ndarray | None = None
    grade: np.ndarray | None = None
    said: str = ""


def by_jpmml(path: Path, rows: pd.DataFrame) -> Scored:
    found = engines.jpmml(path, engines.records(rows), verify=False)
    errors = found["errors"].dropna() if "errors" in found else []
    return _scored(found, len(rows), str(errors.iloc[0]).strip().splitlines()[0] if len(errors) else "")


def by_pmml4s(path: Path, rows: pd.DataFrame) -> Scored:
    records = engines.records(rows)
    parts = [engines.pmml4s(path, records[k : k + BATCH]) for k in range(0, len(records), BATCH)]
    return _scored(pd.concat(parts, ignore_index=True), len(rows), "")


PMML_ENGINES = {"JPMML": by_jpmml, "PMML4S": by_pmml4s}


def _scored(found: pd.DataFrame, rows: int, said: str) -> Scored:
    named = [name for name in found if isinstance(name, str)]
    grades = [n for n in named if found[n].notna().sum() > 0 and set(found[n].dropna().astype(str)) <= GRADES]
    grade = found[grades[0]].astype(object).to_numpy() if grades else None
    probability, points = _number(found, PROBABILITY), _number(found, POINTS)
    empty = np.full(rows, np.nan)
    return Scored(
        probability=empty if probability is None else probability,
        linear=_number(found, ("linear_score",)),
        points=points if probability is None or "score" in found else None,
        grade=grade,
        said=said,
    )


def _number(found: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray | None:
    for name in names:
        if name in found:
            return pd.to_numeric(found[name]).to_numpy(float)
    return None


def by_gcc(source: Path, rows: pd.DataFrame, single: bool) -> Scored:
    """m2cgen's C; single: the caller rounds inputs to single precision."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "main.c").write_text(C_MAIN)
        (folder / "model.c").write_text(source.read_text())
        defines = [f"-DCOLUMNS={rows.shape[1]}", f"-DSINGLE={int(single)}"]
        words = ["gcc", "-O1", "-std=c99", "-ffp-contract=off", *defines, "main.c", "model.c", "-lm", "-o", "run"]
        return Scored(_streamed(words, ["./run"], folder, rows, "<f8"))


def by_javac(source: Path, rows: pd.DataFrame) -> Scored:
    """m2cgen's Java."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "Main.java").write_text(JAVA_MAIN)
        (folder / "Model.java").write_text(source.read_text())
        command = ["java", "-cp", ".", "Main", *map(str, rows.shape)]
        return Scored(_streamed(["javac", "Main.java", "Model.java"], command, folder, rows, ">f8"))


def _streamed(words: list[str], command: list[str], folder: Path, rows: pd.DataFrame, order: str) -> np.ndarray:
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    given = rows.to_numpy().astype(order).tobytes()
    done = subprocess.run(command, cwd=folder, input=given, check=True, capture_output=True)
    return np.frombuffer(done.stdout, order).astype(float)
