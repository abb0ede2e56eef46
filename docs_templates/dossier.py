"""From a package to its documents: read, compose, render, write."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from docs_templates.annex import annex_manifest, check_anchor, earlier_documents, write_annex
from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.document import Document
from docs_templates.errors import DocumentError, Fault
from docs_templates.governance import FILE, read_governance
from docs_templates.house import FOLDER, House, current_house
from docs_templates.language import Language, current, speaking
from docs_templates.package import Package, read_package, read_run
from docs_templates.templates import DOCUMENTS, KNOWN, OF_A_RUN, read_template

Clock = Callable[[], datetime]
Tell = Callable[[str], None]
SIGNED_LAST = "sign_off_sheet"
"""Rendered after all others: it holds their hashes."""
PAGE_SIZES = ("a4", "letter")
INDEX = "index.html"
NEEDS_VALIDATION = ("validation_report",)
VALIDATE_FIRST = "run credit-validate on the package first"
MONITOR_FIRST = "run credit-risk monitor, and name its folder with --monitoring"


@dataclass(frozen=True, slots=True)
class Beside:
    """What documents are made with beside the package: the package of the version before, the folder of a run of
    monitoring, the governance file of the inventory."""

    previous: Path | None = None
    monitoring: Path | None = None
    governance: Path | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """One document that was written: name, path, pages and bytes."""

    name: str
    path: Path
    pages: int
    bytes: int


def system_clock() -> datetime:
    """Now in UTC, whole seconds, or the moment that SOURCE_DATE_EPOCH names."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        try:
            return datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError) as error:
            fault = Fault("SOURCE_DATE_EPOCH is not a number of seconds", "clock", found=epoch)
            raise DocumentError(fault) from error
    return datetime.now(UTC).replace(microsecond=0)


def make_documents(
    path: Path,
    documents: Sequence[str] | None = None,
    *,
    out: Path | None = None,
    previous: Path | None = None,
    monitoring: Path | None = None,
    governance: Path | None = None,
    clock: Clock = system_clock,
    tell: Tell = lambda _: None,
    page_size: str | None = None,
    language: Language | None = None,
    anchor: str | None = None,
) -> list[Written]:
    """Render documents of the package at `path` into its annex `documents/`, or into the folder `out`.

    `documents` None means all that the package and the language allow; `previous` is an earlier package to compare
    with; `monitoring` is the folder of a run of monitoring, whose report and page are then made, by default into
    its own `documents/`; `governance` is a governance file of the inventory, which the documents then print and carry;
    `anchor` is the head of the inventory's audit trail, for the manifest of the annex where no governance file has it;
    `page_size` is one of PAGE_SIZES (None: that of the house style, else the first); `language`
    is what they speak (None: that which is spoken). Raises DocumentError with every fault of every document before
    anything is written, OSError where writing fails.
    """
    with speaking(language if language is not None else current()):
        return _made(path, documents, out, Beside(previous, monitoring, governance), clock, tell, page_size, anchor)


def _made(
    path: Path,
    documents: Sequence[str] | None,
    out: Path | None,
    beside: Beside,
    clock: Clock,
    tell: Tell,
    page_size: str | None,
    anchor: str | None,
) -> list[Written]:
    check_anchor(anchor, beside.governance)
    package = with_beside(read_package(path), beside)
    run = beside.monitoring
    folder = _folder(package, path, out) if run is None or out is not None else run.resolve() / "documents"
    if package.monitoring is not None and documents is None:
        documents = OF_A_RUN
    earlier = earlier_documents(folder, package.package_hash)
    moment, house = clock(), current_house()
    size = page_size or house.page.lower() or PAGE_SIZES[0]
    if house:
        tell(f"house style {house.name}, SHA-256 {house.sha256}; page size {size}{_size_of(page_size, house)}")
    names = chosen(documents, package, tell)
    composed = compose_all(names, package, moment)
    data: dict[str, bytes] = {}
    written = []
    for document in composed:
        if document.name == SIGNED_LAST:
            (document,) = compose_all([document.name], with_documents(package, {**earlier, **data}), moment)
        rendered = _render(document, moment, size)
        file = f"{current().suffix(document.name)}.pdf"
        data[file] = rendered.data
        written.append(Written(document.name, folder / file, rendered.pages, len(rendered.data)))
        tell(f"{document.name}: {rendered.pages} pages, {len(rendered.data):,} bytes")
    kept = {name: content for name, content in earlier.items() if name not in data and name.endswith(".pdf")}
    styled = {name: content for name, content in earlier.items() if name.startswith(f"{FOLDER}/")}
    other = "" if styled == house.annex() else ", made in another house style"
    for name in sorted(kept):
        tell(f"kept {name} of the earlier annex of the same package{other}")
    everything = {**kept, **data, **house.annex()}
    held = package.governance
    everything |= {} if held is None else {FILE: held.data}
    if package.monitoring is not None:
        from docs_templates.monitored.page import monitoring_page

        everything[INDEX] = monitoring_page(package).encode("utf-8")
        tell(f"{INDEX}: the page of the run, {len(everything[INDEX]):,} bytes")
    workspace = folder.parent if out is not None or run is not None else path.resolve().parent
    workspace.mkdir(parents=True, exist_ok=True)
    manifest = annex_manifest(package.package_hash, moment, everything, anchor if held is None else held.anchor)
    write_annex(folder, manifest, everything, workspace)
    return written


def compose_all(names: Sequence[str], package: Package, moment: datetime) -> list[Document]:
    """Compose several documents. Raises DocumentError with the faults of all of them."""
    faults: list[Fault] = []
    found = []
    clauses = registry()
    for name in names:
        try:
            found.append(compose(read_template(name), package, clauses, moment))
        except DocumentError as error:
            faults.extend(error.faults)
    if faults:
        raise DocumentError(faults)
    return found


def with_beside(package: Package, beside: Beside) -> Package:
    """The package with what documents are made with beside it. Raises DocumentError; OSError."""
    package = with_monitoring(with_previous(package, beside.previous), beside.monitoring)
    return with_governance(package, beside.governance)


def with_governance(package: Package, file: Path | None) -> Package:
    """The package with what the inventory says of it. Raises DocumentError where the file is of another package."""
    if file is None:
        return package
    held, evidence = read_governance(file, package.package_hash, package.manifest["model"])
    return replace(package, governance=held, evidence={**package.evidence, **evidence})


def with_previous(package: Package, previous: Path | None) -> Package:
    """The package with the earlier one beside it. Raises DocumentError where that is the very same package."""
    if previous is None:
        return package
    earlier = read_package(previous)
    if earlier.package_hash == package.package_hash:
        remedy = "name the package of the version before"
        fault = Fault("the earlier package is this very package", "previous_same", file=str(previous), remedy=remedy)
        raise DocumentError(fault)
    return replace(package, previous=earlier)


def with_monitoring(package: Package, folder: Path | None) -> Package:
    """The package with the evidence of a run of monitoring. Raises DocumentError where it is of another package."""
    if folder is None:
        return package
    manifest, evidence = read_run(folder, package.package_hash)
    return replace(package, monitoring=manifest, evidence={**package.evidence, **evidence})


def with_documents(package: Package, data: Mapping[str, bytes]) -> Package:
    """The package with the hashes of the documents that stand beside the sign-off sheet."""
    others = {n: d for n, d in data.items() if n.endswith(".pdf") and n.partition(".")[0] != SIGNED_LAST}
    found = {n: hashlib.sha256(d).hexdigest() for n, d in others.items()}
    return replace(package, documents=found)


def _size_of(page_size: str | None, house: House) -> str:
    """Who says which page size applies."""
    if page_size is not None:
        asked = house.page.lower()
        return f", as asked for; the house style says {asked}" if asked and asked != page_size else ", as asked for"
    return " of the house style" if house.page else ", the default"


def _folder(package: Package, path: Path, out: Path | None) -> Path:
    if out is not None:
        return out.resolve()
    if package.governance is not None and package.governance.binds_documents:
        message = "sign-offs bind the documents of this package: others in their place would void them"
        raise DocumentError(Fault(message, "documents_signed", file=str(path), remedy="name another folder with --out"))
    if not path.is_dir():
        raise DocumentError(
            Fault("a zipped package cannot take the annex", "output_not_ours", file=str(path), remedy="name --out DIR")
        )
    return path.resolve() / "documents"


def chosen(documents: Sequence[str] | None, package: Package, tell: Tell) -> list[str]:
    """Names of documents to make: those asked for, or all that the package allows. Raises DocumentError."""
    spoken = current()
    if documents is None:
        for name in (name for name in DOCUMENTS if name not in spoken.templates):
            tell(f"{name}: skipped, {spoken.name} has no templates of it")
    wanted = list(
        dict.fromkeys(documents if documents is not None else (n for n in spoken.templates if n in DOCUMENTS))
    )
    wanted.sort(key=lambda name: name == SIGNED_LAST)
    unknown = [name for name in wanted if name not in KNOWN]
    faults = [Fault("unknown document", "document_unknown", found=n, allowed=", ".join(KNOWN)) for n in unknown]
    faults += [
        Fault(
            f"{spoken.name} has no templates of it", "language_document", found=n, allowed=", ".join(spoken.templates)
        )
        for n in wanted
        if n in KNOWN and n not in spoken.templates
    ]
    for needs, held, reason, remedy in (
        (NEEDS_VALIDATION, _validated(package), "the package has no validation annex", VALIDATE_FIRST),
        (OF_A_RUN, package.monitoring is not None, "no run of monitoring is named", MONITOR_FIRST),
    ):
        lacking = [] if held else [name for name in wanted if name in needs]
        if documents is not None:
            code = "validation_missing" if needs == NEEDS_VALIDATION else "monitoring_missing"
            faults += [Fault(f"{name} cannot be made: {reason}", code, remedy=remedy) for name in lacking]
        else:
            for name in lacking:
                tell(f"{name}: skipped, {reason} ({remedy})")
        wanted = [name for name in wanted if name not in lacking]
    if faults:
        raise DocumentError(faults)
    return wanted


def _validated(package: Package) -> bool:
    return package.validation is not None and package.findings is not None


def _render(document: Document, moment: datetime, page_size: str):  # type: ignore[no-untyped-def]
    try:
        from docs_templates.render.page import PAGES
        from docs_templates.render.pdf import render
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("docs_templates"):
            raise
        library, remedy = error.name.partition(".")[0], "install credit-risk-lifecycle[documents]"
        raise DocumentError(Fault(f"{library} is not installed", "extra_missing", remedy=remedy)) from error
    if page_size not in PAGES:
        raise DocumentError(Fault("unknown page size", "page_size", found=page_size, allowed=", ".join(PAGES)))
    return render(document, moment, PAGES[page_size])
