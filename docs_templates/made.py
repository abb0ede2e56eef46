"""Typed blocks that the documents make themselves from manifest, plan, model and annexes, by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docs_templates import (
    changes,
    gate,
    generated,
    model_tables,
    notices,
    signing,
    verification_rows,
    watched,
    watched_terms,
)
from docs_templates.document import Absent, Spans, Table
from docs_templates.package import Package

Options = Mapping[str, str]
Maker = Callable[[Package, Options, str, Spans], Table | Absent]

MAKERS: dict[str, Maker] = {
    "steps": lambda package, _, number, caption: generated.steps_table(package, number, caption),
    "files": lambda package, _, number, caption: generated.files_table(package, number, caption),
    "libraries": lambda package, _, number, caption: generated.libraries_table(package, number, caption),
    "gate": lambda package, options, number, caption: gate.gate_table(package, options.get("only"), number, caption),
    "model": lambda package, options, number, caption: model_tables.part_of_model(
        package, options["part"], number, caption
    ),
    "verification": lambda package, options, number, caption: verification_rows.rows_of(
        package, options["which"], int(options["first"]) if "first" in options else None, number, caption
    ),
    "notice": lambda package, options, number, caption: notices.notice(package, options["place"], number, caption),
    "notice_derivation": lambda package, options, number, caption: notices.derivation(
        package, options["place"], number, caption
    ),
    "hashes": lambda package, _, number, caption: signing.hashes_table(package, number, caption),
    "documents": lambda package, _, number, caption: signing.documents_table(package, number, caption),
    "authors": lambda package, _, number, caption: signing.authors_table(package, number, caption),
    "changes": lambda package, options, number, caption: changes.changes_table(
        package, options["what"], number, caption
    ),
    "watched": lambda package, _, number, caption: watched.watched_table(package, number, caption),
    "watched_objectives": lambda package, _, number, caption: watched_terms.objectives_table(package, number, caption),
    "watched_terms": lambda package, _, number, caption: watched_terms.terms_table(package, number, caption),
}
"""A maker takes the package, the block's options, the number of the table and its caption; what the package has not is
an Absent, which takes no number."""
