"""What must not be in the repository: registry addresses, paths of one machine, foreign data, pickles."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tests.architecture.sources import REPOSITORY, tracked_files

# Written in pieces, so that this file does not contain what it looks for.
REGISTRY = re.compile(
    "|".join(
        [
            r"--(?:extra-)?index" + "-url",
            r"files\.python" + r"hosted\.org",
            r"(?:test\.)?py" + r"pi\.org/(?!project)",
            r"https?://[^\s\"'<>]+/" + r"simple(?:/|\b)",
            r"file:" + r"///",
            r"registry\.npm" + r"js\.org",
        ]
    )
)
HOME = re.compile(r"(?:/home/|/Users/|/root/)" + r"[A-Za-z0-9._-]+|[A-Z]:\\\\?Users\\")
SUFFIXES_OF_PICKLES = {".pkl", ".pickle", ".joblib", ".dill"}
# The largest file is the Taiwan data.
LARGEST = 1_000_000


def _texts() -> list[tuple[str, str]]:
    texts = []
    for path in tracked_files():
        content = (REPOSITORY / path).read_bytes()
        if b"\0" not in content:
            texts.append((path, content.decode("utf-8")))
    return texts


def _hits(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number} {found.group()}"
        for path, text in _texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := pattern.search(line))
    ]


def test_no_registry_address() -> None:
    assert _hits(REGISTRY) == []


def test_no_path_of_one_machine() -> None:
    assert _hits(HOME) == []


def test_the_patterns_find_what_they_are_for() -> None:
    found = ["pip install --index" + "-url x", "https://files.python" + "hosted.org/p", "file:" + "///opt/wheels"]
    assert [text for text in found if not REGISTRY.search(text)] == []
    assert HOME.search("/ho" + "me/someone/plan.yaml")
    assert not REGISTRY.search("see https://py" + "pi.org/project/optbinning")


def test_no_pickles_and_nothing_large() -> None:
    paths = [Path(path) for path in tracked_files()]
    assert [str(path) for path in paths if path.suffix in SUFFIXES_OF_PICKLES] == []
    assert [str(path) for path in paths if (REPOSITORY / path).stat().st_size > LARGEST] == []


def test_no_test_data_is_committed(test_data: Path) -> None:
    """Their licences are unclear; the Taiwan data is ours by another way and stored otherwise."""
    foreign = {hashlib.sha256(path.read_bytes()).hexdigest() for path in test_data.glob("*.gz")}
    ours = {path: hashlib.sha256((REPOSITORY / path).read_bytes()).hexdigest() for path in tracked_files()}
    assert foreign
    assert [path for path, digest in ours.items() if digest in foreign] == []


def test_the_lock_pins_and_hashes_everything() -> None:
    entries = re.split(r"\n(?=\S)", (REPOSITORY / "requirements" / "lock.txt").read_text(encoding="utf-8"))
    requirements = [entry for entry in entries if not entry.startswith("#")]
    assert len(requirements) > 50
    assert [e.splitlines()[0] for e in requirements if not re.match(r"[a-z0-9-]+==[0-9]", e)] == []
    assert [e.splitlines()[0] for e in requirements if "--hash=sha256:" not in e] == []
    assert [e for e in requirements if e.startswith("nvidia-")] == []
