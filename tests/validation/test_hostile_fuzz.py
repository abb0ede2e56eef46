"""Random damage: whatever is flipped, cut or replaced, a package is refused with an error of its own or validated."""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_package import builders as b

from validation import ValidationInputError, read_package, validate
from validation.annex import annex_files

VALUES = [None, 0, -1, 1e308, -1e308, 5e-324, 2**63, 10**300, "", "\u202e\x1b[31m", True, 1.5, [], {}]
few, some = settings(max_examples=14, deadline=None), settings(max_examples=40, deadline=None)


def files(package: Path) -> list[str]:
    return sorted(item.relative_to(package).as_posix() for item in package.rglob("*") if item.is_file())


@contextmanager
def copied(package: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copytree(package, Path(folder) / "toy"))


def damaged(data: bytes, draw: st.DataObject) -> bytes:
    """The bytes cut somewhere, or with up to three of them replaced."""
    if draw.draw(st.booleans(), "cut"):
        return data[: draw.draw(st.integers(0, len(data)), "kept")]
    result = bytearray(data)
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=3), "places"):
        result[place] = draw.draw(st.integers(0, 255), "byte")
    return bytes(result)


def survives(package: Path) -> None:
    """The package is refused with faults, or validated to an annex that keeps its schemas."""
    try:
        read = read_package(package)
    except ValidationInputError as error:
        told = error
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # sums of numbers near the greatest double overflow
            annex_files(validate(read))
        return
    assert told.faults
    assert str(told).startswith("input refused")


@some
@given(st.data())
def test_damage_is_noticed_by_hash(good_package: Path, data: st.DataObject) -> None:
    """Of a file that is not what the manifest says nothing is read further."""
    name = data.draw(st.sampled_from(files(good_package)), "file")
    before = (good_package / name).read_bytes()
    after = damaged(before, data)
    if after == before:
        return
    with copied(good_package) as package:
        (package / name).write_bytes(after)
        if name == "manifest.json":
            survives(package)
            return
        with pytest.raises(ValidationInputError) as caught:
            read_package(package)
        assert set(caught.value.codes) & {"hash_mismatch", "size_mismatch"}


@few
@given(st.data())
def test_damage_that_was_sealed_again(good_package: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name in files(good_package) if name != "manifest.json"]), "file")
    with copied(good_package) as package:
        (package / name).write_bytes(damaged((package / name).read_bytes(), data))
        b.reseal(package)
        survives(package)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value that holds no other."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inside is None:
        yield path
        return
    for key, item in inside:
        yield from places(item, (*path, key))


@few
@given(st.data())
def test_values_that_were_replaced_and_sealed_again(good_package: Path, data: st.DataObject) -> None:
    names = [name for name in files(good_package) if name.endswith(".json") and name != "manifest.json"]
    name = data.draw(st.sampled_from(names), "file")
    document = json.loads((good_package / name).read_text("utf-8"))
    way = data.draw(st.sampled_from(list(places(document))), "place")
    inner = document
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = data.draw(st.sampled_from(VALUES), "value")
    with copied(good_package) as package:
        (package / name).write_text(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=2) + "\n", "utf-8")
        b.reseal(package)
        survives(package)
