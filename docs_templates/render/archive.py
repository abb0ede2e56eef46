"""Makes of a drawn PDF an archive file: PDF/A-3b (ISO 19005-3), tagged, with its sources attached; fixed bytes."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from docs_templates import __version__
from docs_templates.document import Attachment, Document
from docs_templates.language import say
from docs_templates.made_by import fingerprint
from docs_templates.render import colour, streams, tags
from docs_templates.render.tags import Tags

MANIFEST_NAME = "evidence_manifest.json"
NAMESPACE = uuid.UUID("6f0c4e0a-5d0c-5b7e-9d5f-0c1f5d6b2a11")
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
    xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/">
   <pdfaid:part>3</pdfaid:part>
   <pdfaid:conformance>B</pdfaid:conformance>
   <dc:format>application/pdf</dc:format>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{subject}</rdf:li></rdf:Alt></dc:description>
   <dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
   <pdf:Keywords>{keywords}</pdf:Keywords>
   <pdf:Producer>{producer}</pdf:Producer>
   <xmp:CreatorTool>{creator}</xmp:CreatorTool>
   <xmp:CreateDate>{date}</xmp:CreateDate>
   <xmp:ModifyDate>{date}</xmp:ModifyDate>
   <xmp:MetadataDate>{date}</xmp:MetadataDate>
   <xmpMM:DocumentID>{document}</xmpMM:DocumentID>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


@dataclass(frozen=True, slots=True)
class About:
    """What the information dictionary and the metadata both say; `moment` in UTC."""

    title: str
    subject: str
    keywords: str
    creator: str
    language: str
    moment: datetime

    @classmethod
    def of(cls, document: Document, moment: datetime, language: str) -> About:
        """Of a document made at `moment`."""
        named = {"title": document.title, "name": document.model_name, "version": document.model_version}
        title = say("file.title", **named)
        subject = say(
            "file.subject", model=document.model_id, package=document.package_hash, document=document.identifier
        )
        creator = f"credit-dossier {__version__}"
        return cls(_text(title), _text(subject), document.package_hash, creator, language, moment.astimezone(UTC))

    @property
    def producer(self) -> str:
        """The libraries that wrote the file."""
        return f"ReportLab {version('reportlab')}, pikepdf {version('pikepdf')}"

    @property
    def date(self) -> str:
        """The moment as PDF writes it."""
        return self.moment.strftime("D:%Y%m%d%H%M%S+00'00'")


def _text(value: str) -> str:
    """`value` without control characters, which XML cannot hold."""
    return "".join(c if c.isprintable() else " " for c in value)


def evidence_manifest(document: Document, pages: Mapping[str, Sequence[int]]) -> Attachment:
    """The evidence that the document prints: file, hash, producer, inputs and pages of each item."""
    items = [
        {
            "id": item.id,
            "title": item.title,
            "kind": item.kind,
            "file": item.file,
            "sha256": item.sha256,
            "producer": item.raw["producer"],
            "inputs": list(item.raw["inputs"]),
            "pages": list(pages.get(item.id, [])),
        }
        for item in document.evidence
    ]
    made = {"program": f"credit-dossier {__version__}", "templates_sha256": fingerprint()}
    value = {
        "document": document.identifier,
        "package_hash": document.package_hash,
        "made_by": made,
        "evidence": items,
        **({} if document.anchor is None else {"anchor": document.anchor}),
    }
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
    return Attachment(MANIFEST_NAME, text.encode(), say("file.evidence_manifest"))


def finished(data: bytes, about: About, structure: Tags, files: Sequence[Attachment]) -> bytes:
    """The archive file. Its identifier is a digest of its content."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        _information(pdf, about)
        _colours(pdf)
        _attached(pdf, files, about)
        streams.settle(pdf)
        tags.write(pdf, structure)
        root = pdf.Root
        root.Lang = String(about.language)
        root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        out = io.BytesIO()
        pdf.save(
            out,
            deterministic_id=True,
            min_version="1.7",
            force_version="1.7",
            fix_metadata_version=False,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            compress_streams=True,
        )
    return streams.ended(out.getvalue())


def _information(pdf: pikepdf.Pdf, about: About) -> None:
    for key in ("/Info", "/ID"):
        if key in pdf.trailer:
            del pdf.trailer[key]
    pdf.trailer["/Info"] = pdf.make_indirect(
        Dictionary(
            Title=String(about.title),
            Subject=String(about.subject),
            Keywords=String(about.keywords),
            Creator=String(about.creator),
            Producer=String(about.producer),
            CreationDate=String(about.date),
            ModDate=String(about.date),
        )
    )
    written = XMP.format(
        title=escape(about.title),
        subject=escape(about.subject),
        keywords=escape(about.keywords),
        creator=escape(about.creator),
        producer=escape(about.producer),
        language=escape(about.language),
        date=about.moment.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        document=f"uuid:{uuid.uuid5(NAMESPACE, about.subject)}",
    )
    pdf.Root.Metadata = _stream(pdf, written.encode(), Type=Name.Metadata, Subtype=Name.XML)


def _colours(pdf: pikepdf.Pdf) -> None:
    """All colours of the pages are sRGB."""
    profile = _stream(pdf, colour.srgb_profile(), N=3)
    intent = Dictionary(
        Type=Name.OutputIntent,
        S=Name.GTS_PDFA1,
        OutputConditionIdentifier=String("sRGB"),
        Info=String(colour.NAME),
        DestOutputProfile=profile,
    )
    pdf.Root.OutputIntents = Array([pdf.make_indirect(intent)])


def _attached(pdf: pikepdf.Pdf, files: Sequence[Attachment], about: About) -> None:
    """Embed the files; each is associated with the document."""
    ordered = sorted(files, key=lambda file: file.name)
    specifications = [_specification(pdf, file, about) for file in ordered]
    names: list[Any] = []
    for file, specification in zip(ordered, specifications, strict=True):
        names += [String(file.name), specification]
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array(names)))
    pdf.Root.AF = Array(specifications)


def _specification(pdf: pikepdf.Pdf, file: Attachment, about: About) -> Any:
    checksum = hashlib.md5(file.data, usedforsecurity=False).digest()
    about_it = Dictionary(Size=len(file.data), ModDate=String(about.date), CheckSum=String(checksum))
    subtype = Name("/" + file.mime)
    stream = _stream(pdf, file.data, Type=Name.EmbeddedFile, Subtype=subtype, Params=about_it)
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=String(file.name),
            UF=String(file.name),
            Desc=String(file.description),
            AFRelationship=Name("/" + file.relationship),
            EF=Dictionary(F=stream, UF=stream),
        )
    )


def _stream(pdf: pikepdf.Pdf, data: bytes, **entries: Any) -> Any:
    stream = pikepdf.Stream(pdf, data)
    for key, value in entries.items():
        stream[f"/{key}"] = value
    return pdf.make_indirect(stream)
