"""Programs without what a target does not give: attributions of trees, and the reasons that are made of them."""

from __future__ import annotations

from dataclasses import replace

from credit_risk.export.program import Attribution, Let, Program, Statement, produced, read
from credit_risk.export.program.terms import FALSE, Failed, any_of


def without_attribution(program: Program) -> Program:
    """The program without attributions of trees and all that is made of them; its notes tell what is left out."""
    lost: set[str] = set()
    for one in program.statements[:-1]:
        if isinstance(one, Attribution) or lost & set(read(one)):
            lost |= set(produced(one))
    if not lost:
        return program
    kept = [one for one in program.published if one.name not in lost]
    gone = [one.column for one in program.published if one.name in lost]
    note = f"LEFT OUT: {', '.join(gone)}. They are made of attributions of trees, which this export does not calculate."
    statements = [one for one in program.statements if not lost & {*produced(one), *_values_read(one)}]
    return replace(
        program,
        statements=tuple(_without_flags(one, lost) for one in statements),
        published=tuple(kept),
        notes=(*program.notes, note),
    )


def _values_read(one: Statement) -> set[str]:
    return set() if isinstance(one, Let) and one.kind == "flag" and not one.step else set(read(one))


def _without_flags(one: Statement, lost: set[str]) -> Statement:
    """The flag that a row is in error, of what is left."""
    if not (isinstance(one, Let) and lost & set(read(one))):
        return one
    names = [name for name in dict.fromkeys(read(one)) if name not in lost]
    return replace(one, value=any_of(*(Failed(name) for name in names)) if names else FALSE)
