"""What documents are made with: a digest of templates, clauses, words and programs of this package."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from docs_templates import __version__

LEFT_OUT = ("__pycache__", "README.md")


def fingerprint() -> str:
    """SHA-256 over all files of this package in order of their paths, its version and that of reportlab."""
    root = Path(__file__).parent
    digest = hashlib.sha256(f"{__version__}\n{_reportlab()}\n".encode())
    for path in sorted(root.rglob("*"), key=lambda one: one.relative_to(root).as_posix()):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(part in LEFT_OUT for part in parts):
            data = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{'/'.join(parts)} {data}\n".encode())
    return digest.hexdigest()


def _reportlab() -> str:
    try:
        return version("reportlab")
    except PackageNotFoundError:
        return "absent"


def producer() -> str:
    """The program, its version and the first digits of its fingerprint."""
    return f"credit-dossier {__version__}, templates {fingerprint()[:16]}"
