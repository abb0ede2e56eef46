"""Verifies a rendered document: composes and renders it again from the package, and compares it with the file."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import pikepdf

from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.document import Document
from docs_templates.dossier import Beside, with_beside, with_documents
from docs_templates.errors import DocumentError, Fault
from docs_templates.evidence import file_name
from docs_templates.governance import FILE as GOVERNANCE
from docs_templates.house import current_house, housed
from docs_templates.language import ENGLISH, Language, current, read_instant, say, speaking
from docs_templates.language_files import chosen_language, read_language
from docs_templates.made_by import fingerprint
from docs_templates.package import Package, inspect_package
from docs_templates.render.archive import MANIFEST_NAME
from docs_templates.render.page import A4, PAGES, Page
from docs_templates.render.pdf import render
from docs_templates.templates import KNOWN, Template, read_template, template_folder
from docs_templates.verify.compare import Expected, compare, covered
from docs_templates.verify.flow import compare_flow, compare_values
from docs_templates.verify.house import house_notes, house_of
from docs_templates.verify.places import INDEXED, Unit, squeezed, units
from docs_templates.verify.reading import Reading, read_pdf
from docs_templates.verify.report import Alteration, Report, SignatureStatus
from docs_templates.verify.stream import read_stream

INFO_MOMENT = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
DIGEST = re.compile(r"[0-9a-f]{64}")
Expecting = Callable[[Document, datetime, Sequence[Unit]], AbstractContextManager[Expected]]
FLOW_NOTE = "The package is not as it was: texts and values were compared, drawings and places were not."


@dataclass(frozen=True, slots=True)
class _Cited:
    """What a PDF says of itself: document, moment of rendering, package."""

    template: Template
    moment: datetime
    package_hash: str


def verify(
    file: Path,
    path: Path,
    document: str | None = None,
    *,
    previous: Path | None = None,
    monitoring: Path | None = None,
    governance: Path | None = None,
    roots: Sequence[Path] = (),
    expecting: Expecting | None = None,
    languages: Path | None = None,
    beside: Path | None = None,
    notice: Path | None = None,
) -> Report:
    """Compare the PDF `file` with the package at `path`. `document` names it where the file does not say. `beside` is
    the folder of the documents that a sign-off sheet names (None: that of the file; of signed ones, the annex
    `documents`).
    `governance` is the governance file that it was made with. `languages` is a folder of languages that do not ship;
    which one the document speaks, it says itself. `notice` is the data of the notice that a letter to an applicant was
    made of. Within `housed`, the document must be made in that house style; else the one that travels in it is used,
    and noted.

    Raises DocumentError where the file is no PDF of a document, the package has no manifest, or the document was made
    with a governance file and none is given; OSError.
    """
    from docs_templates.verify.letter import is_letter, verify_letter

    data = file.read_bytes()
    with read_pdf(data, str(file)) as actual:
        language = language_of(actual, file, languages)
        with speaking(language):
            of_notice = notice is not None or is_letter(actual)
    with speaking(language):
        if of_notice:
            return verify_letter(data, file, path, notice, roots)
        others = documents_beside(file, path) if beside is None else beside
        made_with = Beside(previous, monitoring, governance)
        return _verified(data, file, path, document, made_with, roots, expecting, others)


def documents_beside(file: Path, path: Path) -> Path:
    """Folder of the documents that a file was made beside: signed ones in the annex `signatures` beside `documents`."""
    folder = file.resolve().parent
    return path / "documents" if folder == (path / "signatures").resolve() else file.parent


def _verified(
    data: bytes,
    file: Path,
    path: Path,
    document: str | None,
    beside: Beside,
    roots: Sequence[Path],
    expecting: Expecting | None,
    folder: Path,
) -> Report:
    package, faults = inspect_package(path)
    package = with_documents(with_beside(package, beside), _beside(file, folder))
    statuses = statuses_of(data, roots)
    with read_pdf(data, str(file)) as actual:
        if beside.governance is None and GOVERNANCE in actual.pdf.attachments:
            remedy = "name it with --governance"
            message = "the document was made with a governance file of the inventory, and none is given"
            raise DocumentError(Fault(message, "governance_missing", str(file), remedy=remedy))
        cited = _cited(actual, package, document, file)
        found = [Alteration("evidence", str(fault)) for fault in faults]
        same = cited.package_hash == package.package_hash
        if not same:
            message = f"the document is of package {cited.package_hash}, this package is {package.package_hash}"
            found.append(Alteration("package", message))
        held, told = house_of(actual.pdf, given := current_house(), str(file))
        found += told
        with housed(held):
            composed, refused = _composed(cited, package)
        found += refused
        expected_units = units(composed) if composed is not None else []
        values = sum(len(unit.values) for unit in expected_units)
        notes: tuple[str, ...] = ()
        other = _other_version(actual)
        if composed is not None and other is not None:
            told, left = compare_values(expected_units, read_stream(actual.views()))
            found += told
            notes = (f"Made by another version of the templates ({other}): layout cannot be compared, values are.",)
            notes += (f"{left:,} values were not compared: the file words or arranges them otherwise.",) if left else ()
        elif composed is not None:
            as_it_was = same and not faults
            rendered: list[Alteration] = []
            if as_it_was:
                again = expecting or partial(expect, size=page_of(actual))
                with again(composed, cited.moment, expected_units) as expected:
                    rendered = compare(expected, actual)
            if rendered or not as_it_was:
                texts = compare_flow(expected_units, read_stream(actual.views()))
                others = _other_evidence(texts, rendered) | _altered_evidence(faults, package)
                as_it_was = as_it_was and not others
                rendered = rendered if as_it_was else [*texts, *_figures(expected_units, others)]
            found += rendered
            notes = () if as_it_was else (FLOW_NOTE,)
        notes += tuple(house_notes(held, given, composed, statuses))
        found += covered(actual)
        pages = len(actual.pages)
    return Report(
        cited.template.name, cited.package_hash, pages, values, tuple(found), statuses, notes, other is not None
    )


def _other_version(actual: Reading) -> str | None:
    """The fingerprint of the templates that a file says it was made with, where it is not that of these; files without
    one are older. A file that holds no manifest of its evidence is compared as one of these templates."""
    held = actual.pdf.attachments.get(MANIFEST_NAME)
    try:
        manifest = None if held is None else json.loads(held.get_file().read_bytes())
    except (ValueError, pikepdf.PdfError):
        return None
    if not isinstance(manifest, dict):
        return None
    made = manifest.get("made_by")
    told = str(made.get("templates_sha256", "")) if isinstance(made, dict) else ""
    return None if told == fingerprint() else told[:16] or "without a fingerprint"


def statuses_of(data: bytes, roots: Sequence[Path]) -> tuple[SignatureStatus, ...]:
    """Signatures of a file, in order of signing; `roots` are files of trusted certificates."""
    if b"/ByteRange" not in data:
        return ()
    from docs_templates import signatures

    trusted = [one for root in roots for one in signatures.trust_roots(root.read_bytes(), str(root))]
    return tuple(signatures.signatures(data, trusted))


def _beside(file: Path, folder: Path) -> dict[str, bytes]:
    """Documents that stand beside a file, as they were before they were signed: a sign-off sheet holds their hashes."""
    found = [one for one in sorted(folder.glob("*.pdf")) if one.name.partition(".")[0] in KNOWN]
    return {one.name: before_signing(one.read_bytes()) for one in found if one.is_file() and one.name != file.name}


def before_signing(data: bytes) -> bytes:
    """A document as it was before its first signature."""
    if b"/ByteRange" not in data:
        return data
    from docs_templates import signatures

    return signatures.original_bytes(data)


@contextmanager
def expect(composed: Document, moment: datetime, expected_units: Sequence[Unit], size: Page = A4) -> Iterator[Expected]:
    """The PDF that the package gives, rendered anew and read."""
    with read_pdf(render(composed, moment, size).data) as reading:
        yield Expected(reading, expected_units)


def page_of(actual: Reading) -> Page:
    """The page size that a document was rendered in: that of its first page."""
    first = actual.pages[0]
    return next((size for size in PAGES.values() if abs(size.width - first.width) < 1), A4)


@cache
def _shipped(name: str, language: Language) -> Template:
    return read_template(name, template_folder(name, language))


def _figures(expected_units: Sequence[Unit], altered: set[str]) -> list[Alteration]:
    """Figures of evidence that was altered: what they show is not compared where evidence is not what it was."""
    message = "is drawn from evidence that was altered"
    return [
        Alteration("figure", message, None, f"{unit.section}, {unit.item}", source=unit.text)
        for unit in expected_units
        if unit.part == "evidence id" and unit.item.startswith("Figure") and unit.text in altered
    ]


def _other_evidence(texts: Sequence[Alteration], rendered: Sequence[Alteration]) -> set[str]:
    """Ids of evidence of which the index of the document states another SHA-256; none where pages are out of order."""
    if any(one.kind == "page" for one in rendered):
        return set()
    told = [(one.source or "", DIGEST.match(one.printed or "")) for one in texts]
    return {source.removesuffix(INDEXED) for source, found in told if source.endswith(INDEXED) and found}


def _altered_evidence(faults: Sequence[Fault], package: Package) -> set[str]:
    """Ids of the evidence whose files have faults."""
    files = {Path(fault.file).name for fault in faults if fault.file}
    return {identifier for identifier in package.evidence if file_name(identifier) in files}


def _composed(cited: _Cited, package: Package) -> tuple[Document | None, list[Alteration]]:
    """The document from the package as it is, or what keeps it from being composed."""
    if not package.plan or not package.model:
        return None, []
    try:
        return compose(cited.template, package, registry(), cited.moment), []
    except DocumentError as error:
        return None, [Alteration("evidence", f"the document cannot be composed: {fault}") for fault in error.faults]


# -------------------------------------------------------------------------------- what the file says of itself
def language_of(actual: Reading, file: Path, languages: Path | None) -> Language:
    """The language that the file says it speaks; English where it says none, or one that is not known and its title is
    English. Raises DocumentError where the language is not known, or is wrong."""
    said = str(actual.pdf.Root.get("/Lang", "")) or ENGLISH
    try:
        return chosen_language(said, languages)
    except DocumentError as error:
        title = squeezed(actual.metadata.get("Title", "")).lower()
        english = read_language(ENGLISH)
        titles = (squeezed(_shipped(name, english).cover.matter["title"]).lower() for name in KNOWN)
        if error.faults[0].code == "language_unknown" and any(one in title for one in titles):
            return english
        remedy = "name the folder that holds the language with --language-folder"
        raise DocumentError(
            [replace(one, file=one.file or str(file), remedy=one.remedy or remedy) for one in error.faults]
        ) from error


def _cited(actual: Reading, package: Package, document: str | None, file: Path) -> _Cited:
    if not actual.pages:
        raise DocumentError(Fault("the PDF has no pages", "pdf_unreadable", file=str(file)))
    views = [actual.view(position) for position in range(min(2, len(actual.pages)))]
    texts = [squeezed("".join(mark.text for mark in view.marks if mark.kind == "text")) for view in views]
    template = _template(texts, actual.metadata, document, file)
    return _Cited(template, _moment(texts[0], actual.metadata, file), _package_hash(texts, actual.metadata, package))


def _template(texts: Sequence[str], metadata: dict[str, str], document: str | None, file: Path) -> Template:
    names = [document] if document is not None else list(current().templates)
    templates = [_shipped(name, current()) for name in names]
    if document is not None:
        return templates[0]
    told = [metadata.get("Title", ""), *texts, file.stem.replace("_", " ")]
    for text in told:
        for template in templates:
            if squeezed(template.cover.matter["title"]).lower() in squeezed(text).lower():
                return template
    remedy = "name it with --document"
    raise DocumentError(
        Fault("the PDF does not say which document it is", "document_unknown", str(file), remedy=remedy)
    )


def _moment(text: str, metadata: dict[str, str], file: Path) -> datetime:
    """When the document was rendered: as its control page says, else its metadata."""
    _, label, rest = text.partition(squeezed(say("made.rendered_utc")))
    said = read_instant(rest) if label else None
    if said is not None:
        return said.replace(tzinfo=UTC)
    match = INFO_MOMENT.match(metadata.get("CreationDate", ""))
    try:
        if match is not None:
            return datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:  # a month that does not exist
        pass
    raise DocumentError(Fault("the PDF does not say when it was rendered", "pdf_unreadable", file=str(file)))


def _package_hash(texts: Sequence[str], metadata: dict[str, str], package: Package) -> str:
    """The package that the file is of: this one where any place says so, else the one that most places say."""
    labelled = [text.partition(squeezed(say("made.package_hash")))[2][:64] for text in texts]
    said = [*labelled, *DIGEST.findall(metadata.get("Keywords", "") + " " + metadata.get("Subject", ""))]
    counted = Counter(one for one in said if DIGEST.fullmatch(one))
    if package.package_hash in counted or not counted:
        return package.package_hash
    return counted.most_common(1)[0][0]
