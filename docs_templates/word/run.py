"""Writing documents of a package as DOCX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from docs_templates.dossier import chosen, compose_all
from docs_templates.language import Language, current, speaking
from docs_templates.package import read_package
from docs_templates.word.write import docx_bytes


def make_word(
    path: Path, documents: Sequence[str] | None, out: Path, *, clock: Callable[[], datetime],
    tell: Callable[[str], None] = lambda _: None, language: Language | None = None,
) -> list[Path]:  # fmt: skip
    """Write documents (None: all that the package allows) of the package at `path` into the folder `out`.

    Raises DocumentError with every fault before anything is written, OSError where writing fails.
    """
    package, moment = read_package(path), clock()
    with speaking(language if language is not None else current()) as spoken:
        composed = compose_all(chosen(documents, package, tell), package, moment)
        data = {f"{spoken.suffix(one.name)}.docx": docx_bytes(one, package, moment) for one in composed}
    out.mkdir(parents=True, exist_ok=True)
    for name, content in data.items():
        partial = out / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(out / name)
        tell(f"written {out / name}, {len(content):,} bytes")
    return [out / name for name in data]
