"""Assignment by hash: its bytes against another program, uniform, and the same whatever the order."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.challenger.assignment import Split, assign, check_split, number_of, reproduce, two_arms

KEYS = st.lists(st.text(max_size=12).filter(lambda one: one.isprintable()), min_size=1, max_size=30, unique=True)


@pytest.mark.parametrize(("identifier", "salt"), [("A-17", "test 2026"), ("Müller", "Ü"), ("17", "s")])
def test_the_bytes_are_those_of_sha256sum(identifier: str, salt: str) -> None:
    data = salt.encode() + b"\x00" + identifier.encode()
    told = subprocess.run(["sha256sum"], input=data, capture_output=True, check=True).stdout.decode()
    assert number_of(identifier, salt) == int(told[:16], 16)


def test_a_number_is_its_decimal_text() -> None:
    assert number_of(17, "s") == number_of(np.int64(17), "s") == number_of("17", "s")  # type: ignore[arg-type]
    assert number_of("017", "s") != number_of(17, "s")


@settings(max_examples=40)
@given(keys=KEYS, seed=st.integers(0, 999))
def test_the_arm_does_not_depend_on_order_nor_on_who_else_applies(keys: list[str], seed: int) -> None:
    split = two_arms("salt", 0.3)
    whole = dict(zip(keys, assign(keys, split), strict=True))
    shuffled = [keys[place] for place in np.random.default_rng(seed).permutation(len(keys))]
    assert dict(zip(shuffled, assign(shuffled, split), strict=True)) == whole
    assert [assign([one], split)[0] for one in keys] == [whole[one] for one in keys]


@settings(max_examples=15)
@given(salt=st.text(min_size=1, max_size=8).filter(lambda one: "\x00" not in one and one.isprintable()))
def test_numbers_are_uniform_whatever_the_salt(salt: str) -> None:
    """Kolmogorov-Smirnov of 2,000 consecutive identifiers; one in a million fails by chance."""
    numbers = np.array([number_of(one, salt) for one in range(2000)]) / 2.0**64
    assert stats.kstest(numbers.astype(float), "uniform").pvalue > 1e-6


def test_shares_are_kept_and_tests_are_independent_of_one_another() -> None:
    keys = np.arange(40_000)
    first, second = (assign(keys, two_arms(salt, 0.1)) == "challenger" for salt in ("first", "second"))
    assert abs(first.mean() - 0.1) < 4 * np.sqrt(0.09 / 40_000)
    both = stats.chi2_contingency(np.histogram2d(first, second, 2)[0]).pvalue
    assert both > 1e-6


def test_a_greater_share_keeps_who_is_in_the_arm() -> None:
    keys = np.arange(5000)
    small, large = (assign(keys, two_arms("s", share)) == "challenger" for share in (0.1, 0.2))
    assert np.all(large[small])


def test_thresholds_are_the_decimals_as_written() -> None:
    assert two_arms("s", 0.1).thresholds == {"challenger": 2**64 // 10, "champion": 2**64}
    three = Split("s", {"a": 0.1, "b": 0.2, "c": 0.7})
    assert list(three.thresholds.values()) == [2**64 // 10, 3 * 2**64 // 10, 2**64]


def test_lost_rows_are_found() -> None:
    keys = np.arange(20_000)
    split = two_arms("s", 0.5)
    arms = assign(keys, split)
    assert set(check_split(arms, split)["verdict"]) == {"as declared"}
    lost = arms[~((arms == "challenger") & (keys % 12 == 0))]
    assert set(check_split(lost, split)["verdict"]) == {"sample ratio mismatch"}
    arms[3] = "challenger" if arms[3] == "champion" else "champion"
    frame = reproduce(keys, arms, split)
    assert frame["differing"].sum() == 1
    assert [one for one in frame["first_differing"] if one is not None] == [4]


@pytest.mark.parametrize(
    ("salt", "shares", "words"),
    [
        ("", {"a": 0.5, "b": 0.5}, "not a salt"),
        ("a\x00b", {"a": 0.5, "b": 0.5}, "not a salt"),
        ("s", {"a": 0.5, "b": 0.4}, "do not add up"),
        ("s", {"a": 1.0}, "not shares"),
        ("s", {"a": float("nan"), "b": 0.5}, "not shares"),
    ],
)
def test_splits_are_refused(salt: str, shares: dict[str, float], words: str) -> None:
    with pytest.raises(CreditRiskError, match=words):
        Split(salt, shares)


def test_what_is_no_identifier_is_refused() -> None:
    for odd in ([None], [1.5], [True], ["a", np.nan]):
        with pytest.raises(CreditRiskError, match="not identifiers"):
            assign(odd, two_arms("s", 0.5))
    with pytest.raises(CreditRiskError, match="not declared"):
        check_split(["x"], two_arms("s", 0.5))
