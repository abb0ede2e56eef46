"""Identifiers: unique, short, ASCII, whatever the names are."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from credit_risk.export.names import identifiers


@given(st.lists(st.text(max_size=40), max_size=40), st.integers(6, 40))
def test_identifiers_are_unique_short_and_plain(names: list[str], most: int) -> None:
    found = identifiers(names, most=most, reserved={"select", "V"})
    assert list(found) == list(dict.fromkeys(names))
    folded = [one.casefold() for one in found.values()]
    assert len(set(folded)) == len(folded)
    assert not {"select", "v"} & set(folded)
    for one in found.values():
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", one)
        assert len(one) <= most


def test_identifiers_keep_what_can_be_kept() -> None:
    names = ["LIMIT_BAL", "Größe", "größe", "Einkommen (netto)", "1st", "Ελλάδα", "select", "x" * 50]
    found = identifiers(names, most=12, reserved={"SELECT"})
    expected = ["LIMIT_BAL", "Groe", "groe_2", "Einkommen_ne", "v_1st", "v", "select_2", "x" * 12]
    assert list(found.values()) == expected
