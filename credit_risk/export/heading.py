"""What stands at the head of every export: which model it is, what it gives, what is left out, whether it is proved."""

from __future__ import annotations

from credit_risk.export.program import Program

NOT_PROVED = "NOT PROVED"
"""In the head of an export whose engine does not run where the package is proved, and in the parity report."""


def heading(program: Program, target: str, *, proved: bool, notes: tuple[str, ...] = ()) -> list[str]:
    """Lines of plain text, without marks of comment; a printer wraps and marks them as its language does.

    `target` names the language or engine. Without control characters, whatever the names of the model hold.
    """
    lines = [
        f"{program.model_name} ({program.model_id}), version {program.model_version}, for {target}",
        f"Made from the model package {program.package_hash}",
        "Results: " + ", ".join(one.column for one in program.published),
    ]
    if program.probability_name:
        lines.append(f"The probability or expected value is: {program.probability_name}")
    if not proved:
        lines.append(
            f"{NOT_PROVED}: no engine for {target} ran where this was made. Score the verification rows before use."
        )
    return [" ".join(line.split()) for line in (*lines, *program.notes, *notes)]
