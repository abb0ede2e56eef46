"""What a signature binds: the package, its annexes, the documents; and who may not sign what."""

from __future__ import annotations

from docs_templates.document import Absent, Spans, Table, TableColumn
from docs_templates.package import ANNEXES, Package


def hashes_table(package: Package, number: str, caption: Spans) -> Table:
    """SHA-256 of the package and of the manifest of each annex that it has."""
    rows = [("Package (manifest.json)", package.package_hash, "sealed")]
    for kind in ANNEXES:
        digest = package.annexes.get(kind)
        rows.append((f"Annex {kind}/manifest.json", digest or "–", "held" if digest else "not held"))
    columns = (TableColumn("What"), TableColumn("SHA-256", mono=True), TableColumn("Standing"))
    note = "The package hash is the SHA-256 of manifest.json, which lists every core file with its own."
    return Table(number, caption, columns, tuple(rows), None, (note,))


def documents_table(package: Package, number: str, caption: Spans) -> Table | Absent:
    """SHA-256 of the documents that stand beside this sheet, as rendered and before any signature."""
    if not package.documents:
        reason = "no other document was rendered with this sheet or stands in the annex of this package"
        return Absent("not_provided", "Documents of the annex", reason)
    rows = tuple(sorted(package.documents.items()))
    columns = (TableColumn("Document"), TableColumn("SHA-256", mono=True))
    note = "As rendered. A signature in the file is appended, which changes the hash; the signed part stays as it was."
    return Table(number, caption, columns, rows, None, (note,))


def authors_table(package: Package, number: str, caption: Spans) -> Table | Absent:
    """Who wrote, owns or answers for parts of the model, by the package."""
    found: dict[str, list[str]] = {}
    for identifier, item in package.evidence.items():
        if identifier.startswith("authored.") and item.kind == "statement":
            name = item.raw["text"] if identifier == "authored.owner" else item.raw.get("author")
            if name:
                found.setdefault(str(name), []).append("owner" if identifier == "authored.owner" else item.title)
    for identifier in ("limitations.register", "judgement.overlays", "classing.overrides"):
        _named(package, identifier, found)
    if not found:
        return Absent("not_provided", "Authors", "the package names no author and no owner")
    rows = tuple((name, ", ".join(dict.fromkeys(parts))) for name, parts in sorted(found.items()))
    columns = (TableColumn("Name in the package"), TableColumn("Of what"))
    note = "Nobody named here signs as validator or as approver."
    return Table(number, caption, columns, rows, None, (note,))


def _named(package: Package, identifier: str, found: dict[str, list[str]]) -> None:
    item = package.evidence.get(identifier)
    if item is None or item.is_absent:
        return
    for column in ("author", "owner"):
        place = item.position(column)
        for row in item.rows if place is not None else ():
            if place is not None and row[place]:
                found.setdefault(str(row[place]), []).append(f"{item.title} ({column})")
