"""A model.json lowered to a program: flat statements with explicit flags, which printers turn into other languages."""

from __future__ import annotations

from credit_risk.export.program.lower import IN_ERROR, program_of
from credit_risk.export.program.statements import (
    Attribution,
    Band,
    Bin,
    Classify,
    Input,
    Let,
    Line,
    Pick,
    Program,
    Published,
    Rank,
    Statement,
    Tree,
    TreeSum,
    is_never,
    kind_of,
    produced,
    read,
)

__all__ = [
    "IN_ERROR",
    "Attribution",
    "Band",
    "Bin",
    "Classify",
    "Input",
    "Let",
    "Line",
    "Pick",
    "Program",
    "Published",
    "Rank",
    "Statement",
    "Tree",
    "TreeSum",
    "is_never",
    "kind_of",
    "produced",
    "program_of",
    "read",
]
