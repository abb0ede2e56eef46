"""Dossiers from evidence: templates, and a renderer that reads the JSON files of a model package and nothing else."""

from __future__ import annotations

__all__ = ["__version__"]
__version__ = "0.1.0"
