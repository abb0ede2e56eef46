"""The same arguments give the same bits: in another process, on other threads, in blocks of any size."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.datasets import ConceptDrift, DataQualityBreak, PopulationShift, simulate_portfolio

DRIFT = (
    PopulationShift("2018-07", ramp=3),
    ConceptDrift("2019-01"),
    DataQualityBreak("2019-03", column="channel", fault="unseen_category", share=0.3),
)
ARGUMENTS = {
    "applicants": 5003,
    "months": 24,
    "selection": "mnar",
    "instrument": True,
    "drift": DRIFT,
    "repeat_share": 0.2,
    "follow_up": 6,
}
PROGRAM = """
from tests.credit_risk.datasets.test_determinism import ARGUMENTS, digest, simulate_portfolio
print(digest(simulate_portfolio(**ARGUMENTS)))
"""


def digest(portfolio) -> str:
    """SHA-256 over every value of every table; floats by their bits."""
    found = hashlib.sha256()
    for name, frame in portfolio.frames().items():
        found.update(f"{name} {list(frame.columns)} {len(frame)}".encode())
        for column in frame.columns:
            values = frame[column]
            if values.dtype == np.float64:
                found.update(values.to_numpy().tobytes())
            else:
                found.update("\x1f".join(values.astype(str).fillna("\x00").tolist()).encode())
    return found.hexdigest()


def test_other_process_other_threads_same_bits():
    here = digest(simulate_portfolio(**ARGUMENTS))
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    for extra in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", **threads}):
        finished = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | extra,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        assert finished.stdout.strip() == here
    with ThreadPoolExecutor(3) as pool:
        assert {digest(p) for p in pool.map(lambda _: simulate_portfolio(**ARGUMENTS), range(3))} == {here}


@settings(max_examples=12)
@given(chunk_size=st.integers(17, 6000))
def test_any_block_size_gives_the_same_bits(chunk_size):
    whole = _whole()
    pieces = simulate_portfolio(**(ARGUMENTS | {"applicants": 1009}), chunk_size=chunk_size)
    for name, frame in whole.frames().items():
        pd.testing.assert_frame_equal(frame, pieces.frames()[name], check_exact=True)


def _whole():
    return simulate_portfolio(**(ARGUMENTS | {"applicants": 1009}), chunk_size=50_000)


def test_another_seed_gives_other_people_in_the_same_world():
    one, other = (simulate_portfolio(**ARGUMENTS, seed=seed) for seed in (1, 2))
    assert digest(one) != digest(other)
    pd.testing.assert_frame_equal(one.parameters, other.parameters)
    correlation = np.corrcoef(one.truth["unobserved_outcome"], other.truth["unobserved_outcome"])[0, 1]
    assert abs(correlation) < 4 / np.sqrt(5003)


def test_the_random_state_of_numpy_is_left_alone():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002 - the legacy state is what is looked at
    simulate_portfolio(applicants=100, months=2)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
