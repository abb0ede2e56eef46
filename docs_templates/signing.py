"""What a signature binds: the package, its annexes, the documents; and who may not sign what."""

from __future__ import annotations

from docs_templates.document import Absent, Spans, Table, TableColumn
from docs_templates.language import say
from docs_templates.package import ANNEXES, Package


def hashes_table(package: Package, number: str, caption: Spans) -> Table:
    """SHA-256 of the package and of the manifest of each annex that it has."""
    rows = [(say("signing.package_manifest_json"), package.package_hash, say("signing.sealed"))]
    for kind in ANNEXES:
        digest = package.annexes.get(kind)
        rows.append(
            (
                say("signing.annex_manifest_json", kind=kind),
                digest or "–",
                say("signing.held") if digest else say("signing.not_held"),
            )
        )
    columns = (
        TableColumn(say("signing.what")),
        TableColumn("SHA-256", mono=True),
        TableColumn(say("signing.standing")),
    )
    note = say("signing.package_hash_sha_256_manifest")
    return Table(number, caption, columns, tuple(rows), None, (note,))


def documents_table(package: Package, number: str, caption: Spans) -> Table | Absent:
    """SHA-256 of the documents that stand beside this sheet, as rendered and before any signature."""
    if not package.documents:
        reason = say("signing.no_other_document_was_rendered")
        return Absent("not_provided", say("signing.documents_annex"), reason)
    rows = tuple(sorted(package.documents.items()))
    columns = (TableColumn(say("signing.document")), TableColumn("SHA-256", mono=True))
    note = say("signing.as_rendered_signature_file_appended")
    return Table(number, caption, columns, rows, None, (note,))


def authors_table(package: Package, number: str, caption: Spans) -> Table | Absent:
    """Who wrote, owns or answers for parts of the model, by the package."""
    found: dict[str, list[str]] = {}
    for identifier, item in package.evidence.items():
        if identifier.startswith("authored.") and item.kind == "statement":
            name = item.raw["text"] if identifier == "authored.owner" else item.raw.get("author")
            if name:
                found.setdefault(str(name), []).append(
                    say("signing.owner") if identifier == "authored.owner" else item.title
                )
    for identifier in ("limitations.register", "judgement.overlays", "classing.overrides"):
        _named(package, identifier, found)
    if not found:
        return Absent("not_provided", say("signing.authors"), say("signing.package_names_no_author_no"))
    rows = tuple((name, ", ".join(dict.fromkeys(parts))) for name, parts in sorted(found.items()))
    columns = (TableColumn(say("signing.name_package")), TableColumn(say("signing.what_2")))
    note = say("signing.nobody_named_here_signs_as")
    return Table(number, caption, columns, rows, None, (note,))


def _named(package: Package, identifier: str, found: dict[str, list[str]]) -> None:
    item = package.evidence.get(identifier)
    if item is None or item.is_absent:
        return
    for column in ("author", "owner"):
        place = item.position(column)
        for row in item.rows if place is not None else ():
            if place is not None and row[place]:
                found.setdefault(str(row[place]), []).append(say(f"signing.as_{column}", title=item.title))
