"""Random damage to valid packages: both readers come to the same verdict, and neither ever fails in another way."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.corpus_recipes import CORPUS, build
from tests.contract.test_corpus import codes_of_developer, codes_of_validator

POOL: list[Any] = [None, True, False, 0, 1, -1, 2, 0.0, -0.5, 1e308, "", "x", "score", "housing", "woe housing"]
POOL += ["bin housing", "number", "string", "missing", "unseen", "special", "interval", [], {}, [0.0, 1.0]]
POOL += [{"const": 1.0}, {"const": "a"}, {"const": None}, {"ref": "limit"}, {"ref": "purpose"}]
POOL += [{"op": "not", "args": [{"const": True}]}, {"op": "coalesce", "args": [{"const": None}, {"ref": "purpose"}]}]
FILES = ["model.json"] * 8 + ["manifest.json", "plan.json", "exports/manifest.json", "evidence/data.source.json"]
FILES += ["challengers/boosting/model.json", "evidence/authored.purpose.json"]


def _places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if here:
        yield here
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield from _places(value[key], (*here, key))


def _operation(generator: random.Random, file: str, document: Any) -> dict[str, Any]:
    places = list(_places(document))
    pointer = list(generator.choice(places))
    head = {"file": file, "pointer": pointer}
    kind = generator.choice(["set", "set", "steal", "remove", "copy"])
    if kind == "set":
        return {**head, "op": "set", "value": generator.choice(POOL)}
    if kind == "steal":
        value = document
        for part in generator.choice(places):
            value = value[part]
        return {**head, "op": "set", "value": value}
    if kind == "copy" and isinstance(pointer[-1], int):
        return {**head, "op": "copy", "to": [*pointer[:-1], pointer[-1] + generator.randrange(2)]}
    return {**head, "op": "remove"}


@pytest.mark.parametrize("seed", range(6))
def test_both_readers_come_to_the_same_verdict_on_damaged_packages(seed: int, tmp_path: Path):
    generator = random.Random(seed)
    refused = 0
    for number in range(40):
        base = generator.choice(["scorecard", "joined", "boosting", "every_step"])
        file = generator.choice([name for name in FILES if (CORPUS / "valid" / base / name).exists()])
        document = json.loads((CORPUS / "valid" / base / file).read_bytes())
        operation = _operation(generator, file, document)
        recipe = {"base": base, "operations": [operation], "rehash": True}
        package = build(recipe, tmp_path / str(number))
        ours, theirs = codes_of_developer(package), codes_of_validator(package)
        assert bool(ours) == bool(theirs), f"{base} {operation}: {sorted(ours)} against {sorted(theirs)}"
        refused += bool(ours)
        shutil.rmtree(tmp_path / str(number))
    assert 20 < refused < 40
