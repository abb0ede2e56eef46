"""Writes the pack of a model: one folder and one zip, the same bytes for the same documents."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from docs_templates import strict_json
from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.document import Document, Figure, plain
from docs_templates.dossier import Beside, Written, with_beside, with_documents
from docs_templates.errors import DocumentError, Fault
from docs_templates.governance import FILE as GOVERNANCE
from docs_templates.house import current_house
from docs_templates.language import current, say
from docs_templates.pack import sections
from docs_templates.pack.dictionary import dictionary_csv, dictionary_rows
from docs_templates.pack.page import whole
from docs_templates.pack.values import value_map
from docs_templates.package import Package, read_package, stored_files
from docs_templates.spoken import spoken
from docs_templates.templates import read_template

KEPT = re.compile(r"(?:manifest|model|plan)\.json|plan\.yaml|verification\.csv|(?:evidence|validation|exports)/.+")
LEFT_OUT = re.compile(r".+\.(?:parquet|arrow|feather)")
SUMS = "SHA256SUMS"
INDEX = "index.html"
DATE = (1980, 1, 1, 0, 0, 0)
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Pack:
    """The pack that was written: its folder and its zip, files and bytes of the zip."""

    folder: Path
    archive: Path
    files: int
    bytes: int


def pack_name(package: Package) -> str:
    """`MODELID_vVERSION_HASH8`, safe as a name of a file."""
    model = package.manifest["model"]
    parts = (UNSAFE.sub("-", str(part)).strip("-.") or "x" for part in (model["id"], model["version"]))
    identifier, version = parts
    return f"{identifier}_v{version}_{package.package_hash[:8]}"


def write_pack(
    path: Path,
    written: Sequence[Written],
    into: Path,
    moment: datetime,
    *,
    previous: Path | None = None,
    monitoring: Path | None = None,
    governance: Path | None = None,
) -> Pack:
    """Write the pack of the package at `path` with its rendered documents into the folder `into`.

    Raises DocumentError where a file is not what the manifest says or something else stands in the pack's place, and
    OSError; then nothing is left behind.
    """
    package = read_package(path)
    contents = _contents(path, package, written, moment, Beside(previous, monitoring, governance))
    name = current().suffix(pack_name(package))
    target, archive = into / name, into / f"{name}.zip"
    if target.exists() and not (target / SUMS).is_file():
        remedy = "remove it, or name another folder with --pack DIR"
        raise DocumentError(Fault("stands in the place of the pack", "output_not_ours", str(target), remedy=remedy))
    into.mkdir(parents=True, exist_ok=True)
    zipped = _zipped(name, contents)
    with tempfile.TemporaryDirectory(prefix=".pack.", dir=into) as work:
        new = Path(work) / "new"
        for file, data in contents.items():
            place = new / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        (Path(work) / "zip").write_bytes(zipped)
        if target.exists():
            shutil.move(str(target), str(Path(work) / "old"))
        new.rename(target)
        (Path(work) / "zip").replace(archive)
    return Pack(target, archive, len(contents), len(zipped))


def _contents(
    path: Path,
    package: Package,
    written: Sequence[Written],
    moment: datetime,
    beside: Beside,
) -> dict[str, bytes]:
    names, read = stored_files(path)
    found = {n: read(n) for n in sorted(names) if KEPT.fullmatch(n) and not LEFT_OUT.fullmatch(n)}
    faults = [
        Fault("other bytes than the manifest says", "hash_mismatch", name)
        for name, data in found.items()
        if name in package.manifest["files"] and _sha(data) != package.manifest["files"][name]["sha256"]
    ]
    if faults:
        raise DocumentError(faults)
    pages = {}
    folder = written[0].path.parent if written else None
    for file, data in current_house().annex().items():
        found[f"documents/{file}"] = data
    for one in sorted(folder.iterdir()) if folder is not None else ():
        if one.suffix == ".pdf" or one.name in ("manifest.json", GOVERNANCE):
            found[f"documents/{one.name}"] = one.read_bytes()
    for one_written in written:
        pages[f"documents/{one_written.path.name}"] = one_written.pages
    composed = _composed(with_beside(package, beside), written, found, moment)
    for document, one_written in zip(composed, written, strict=True):
        values = strict_json.write(value_map(document, one_written.path.read_bytes()))
        found[f"documents/{current().suffix(document.name)}.values.json"] = values
    rows = dictionary_rows(package)
    found["data_dictionary.csv"] = dictionary_csv(rows)
    found[INDEX] = _index(package, found, pages, rows, heat_maps(package, composed)).encode("utf-8")
    lines = (f"{_sha(data)}  {name}\n" for name, data in sorted(found.items()))
    found[SUMS] = "".join(lines).encode("utf-8")
    return found


def _composed(
    package: Package, written: Sequence[Written], found: Mapping[str, bytes], moment: datetime
) -> list[Document]:
    """The documents that were written."""
    beside = {
        n.removeprefix("documents/"): d for n, d in found.items() if n.startswith("documents/") and n[-4:] == ".pdf"
    }
    clauses, known = registry(), with_documents(package, beside)
    return [compose(read_template(one.name), known, clauses, moment) for one in written]


def heat_maps(package: Package, composed: Sequence[Document]) -> list[Figure]:
    """The heat maps that documents draw of tables, each once."""
    figures = (block for document in composed for block in document.blocks if isinstance(block, Figure))
    drawn = (one for one in figures if package.evidence[one.evidence.id].kind == "table")
    return list({(one.evidence.id, plain(one.caption)): one for one in drawn}.values())


def _index(
    package: Package,
    found: Mapping[str, bytes],
    pages: Mapping[str, int],
    rows: Sequence[Sequence[str]],
    heat_maps: Sequence[Figure],
) -> str:
    files = {name: _sha(data) for name, data in found.items()}
    sizes = {name: len(data) for name, data in found.items()}
    name = current().suffix(pack_name(package))
    package = spoken(package)
    parts = (
        ("verdicts", say("pack.verdict"), sections.verdicts(package)),
        ("findings", say("pack.findings"), sections.findings(package)),
        ("documents", say("pack.documents"), sections.documents(files, pages)),
        ("lineage", say("pack.lineage_from_plan_hash"), sections.lineage(package, files)),
        ("plots", say("pack.plots"), sections.plots(package, heat_maps)),
        ("evidence", say("pack.evidence"), sections.evidence(package)),
        ("dictionary", say("pack.data_dictionary"), sections.dictionary(rows)),
        ("files", say("pack.files"), sections.listing(files, sizes)),
    )
    foot = say("pack.made_from_evidence_credit_dossier", file=SUMS)
    title, head = f"{package.manifest['model']['name']}: {name}", sections.head(package, name)
    return whole(title, head, parts, foot, current_house())


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _zipped(name: str, contents: Mapping[str, bytes]) -> bytes:
    """A zip in order of name, without times and users."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file, data in sorted(contents.items()):
            info = zipfile.ZipInfo(f"{name}/{file}", DATE)
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()
