"""Rules of ISO 19005-3 (PDF/A-3, level B) on a PDF, one function each, written from the standard.

Each rule takes a `Read` and returns what breaks it. `RULES` names the clause of each.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import pikepdf
from fontTools.ttLib import TTFont

Rule = Callable[["Read"], list[str]]
RULES: dict[str, Rule] = {}
OPERATORS = {
    "b",
    "B",
    "b*",
    "B*",
    "BDC",
    "BI",
    "BMC",
    "BT",
    "BX",
    "c",
    "cm",
    "CS",
    "cs",
    "d",
    "d0",
    "d1",
    "Do",
    "DP",
    "EI",
    "EMC",
    "ET",
    "EX",
    "f",
    "F",
    "f*",
    "G",
    "g",
    "gs",
    "h",
    "i",
    "ID",
    "j",
    "J",
    "K",
    "k",
    "l",
    "m",
    "M",
    "MP",
    "n",
    "q",
    "Q",
    "re",
    "RG",
    "rg",
    "ri",
    "s",
    "S",
    "SC",
    "sc",
    "SCN",
    "scn",
    "sh",
    "T*",
    "Tc",
    "Td",
    "TD",
    "Tf",
    "Tj",
    "TJ",
    "TL",
    "Tm",
    "Tr",
    "Ts",
    "Tw",
    "Tz",
    "v",
    "w",
    "W",
    "W*",
    "y",
    "'",
    '"',
}
ANNOTATIONS = {
    "Text",
    "Link",
    "FreeText",
    "Line",
    "Square",
    "Circle",
    "Polygon",
    "PolyLine",
    "Highlight",
    "Underline",
    "Squiggly",
    "StrikeOut",
    "Stamp",
    "Caret",
    "Ink",
    "Popup",
    "FileAttachment",
    "Widget",
    "PrinterMark",
    "TrapNet",
    "Watermark",
    "Redact",
}
ACTIONS = {"/GoTo", "/GoToR", "/GoToE", "/Thread", "/URI", "/Named", "/SubmitForm"}
BLENDS = {
    "Normal",
    "Compatible",
    "Multiply",
    "Screen",
    "Overlay",
    "Darken",
    "Lighten",
    "ColorDodge",
    "ColorBurn",
    "HardLight",
    "SoftLight",
    "Difference",
    "Exclusion",
    "Hue",
    "Saturation",
    "Color",
    "Luminosity",
}
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
}


@dataclass
class Read:
    """A PDF as read: its bytes, its objects, and the operators of each page."""

    data: bytes
    pdf: pikepdf.Pdf
    pages: list[list[tuple[list[Any], str]]] = field(default_factory=list)

    @classmethod
    def of(cls, data: bytes) -> Read:
        """Open and parse."""
        pdf = pikepdf.open(io.BytesIO(data))
        read = cls(data, pdf)
        for page in pdf.pages:
            read.pages.append([(list(o.operands), str(o.operator)) for o in pikepdf.parse_content_stream(page)])
        return read

    @property
    def root(self) -> Any:
        """The catalog."""
        return self.pdf.Root

    def dictionaries(self) -> Iterator[Any]:
        """Every dictionary and stream, nested ones too."""
        for thing in self.pdf.objects:
            yield from _within(thing)

    def annotations(self) -> Iterator[Any]:
        """Annotations of all pages."""
        for page in self.pdf.pages:
            yield from page.obj.get("/Annots", [])

    def fonts(self) -> dict[str, Any]:
        """Fonts of the pages by name of the resource."""
        return {name: font for page in self.pdf.pages for name, font in page.resources.get("/Font", {}).items()}


def _within(thing: Any) -> Iterator[Any]:
    if isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream)):
        yield thing
        for key in thing:
            value = thing[key]
            if not value.is_indirect if isinstance(value, pikepdf.Object) else False:
                yield from _within(value)
    elif isinstance(thing, pikepdf.Array):
        for value in thing:
            if isinstance(value, pikepdf.Object) and not value.is_indirect:
                yield from _within(value)


def rule(clause: str) -> Callable[[Rule], Rule]:
    """Register a rule under its clause."""

    def register(function: Rule) -> Rule:
        RULES[f"{clause} {function.__name__.replace('_', ' ')}"] = function
        return function

    return register


# ------------------------------------------------------------------------------------------- 6.1 file structure
@rule("6.1.2")
def header(read: Read) -> list[str]:
    """`%PDF-1.n` at the first byte, then a comment of at least four bytes above 127."""
    lines = read.data[:40].split(b"\n")
    good = re.fullmatch(rb"%PDF-1\.[0-7]", lines[0]) and lines[1][:1] == b"%"
    return [] if good and len([b for b in lines[1][1:5] if b > 127]) == 4 else [repr(lines[:2])]


@rule("6.1.3")
def trailer(read: Read) -> list[str]:
    """An ID of two strings, no encryption, nothing after the end."""
    found = [] if len(read.pdf.trailer.get("/ID", [])) == 2 else ["no ID"]
    found += ["encrypted"] if "/Encrypt" in read.pdf.trailer or read.pdf.is_encrypted else []
    return found + ([] if re.search(rb"%%EOF\r?\n?\Z", read.data) else ["data after the end"])


@rule("6.1.7.1")
def streams_lie_in_the_file(read: Read) -> list[str]:
    """No external data; the length is that of the data."""
    found = []
    for one in read.pdf.objects:
        if isinstance(one, pikepdf.Stream):
            found += [key for key in ("/F", "/FFilter", "/FDecodeParms") if key in one]
            found += [] if len(one.read_raw_bytes()) == int(one.get("/Length", -1)) else ["other length"]
    return found


@rule("6.1.7.2")
def filters(read: Read) -> list[str]:
    """No LZW, no Crypt, none unknown."""
    allowed = {"/FlateDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/RunLengthDecode", "/DCTDecode", "/JPXDecode"}
    found = []
    for one in read.pdf.objects:
        if isinstance(one, pikepdf.Stream):
            value = one.get("/Filter", pikepdf.Array([]))
            names = [value] if isinstance(value, pikepdf.Name) else list(value)
            found += [str(name) for name in names if str(name) not in allowed]
    return found


@rule("6.1.12")
def permissions(read: Read) -> list[str]:
    """None but UR3 and DocMDP."""
    return [key for key in read.root.get("/Perms", {}) if key not in ("/UR3", "/DocMDP")]


@rule("6.1.13")
def limits(read: Read) -> list[str]:
    """Strings, names, numbers, objects, nested states and page sizes within the limits of the clause."""
    found = [] if len(read.pdf.objects) <= 8_388_607 else ["too many objects"]
    for one in read.dictionaries():
        for key in one:
            value = one[key]
            found += [f"long name {key}"] if len(key.encode()) > 128 else []
            if isinstance(value, pikepdf.String):
                found += [f"long string {key}"] if len(bytes(value)) > 32_767 else []
            elif isinstance(value, int) and not isinstance(value, bool):
                found += [f"large number {key}"] if abs(value) > 2_147_483_647 else []
    for number, page in enumerate(read.pages, start=1):
        depth = deepest = 0
        for _, operator in page:
            depth += {"q": 1, "Q": -1}.get(operator, 0)
            deepest = max(deepest, depth)
        found += [f"page {number}: states {deepest}, {depth} left open"] if deepest > 28 or depth else []
    sides = [float(x) for page in read.pdf.pages for x in page.mediabox]
    return found + [f"page side {x}" for x in sides if x and not 3 <= x <= 14_400]


# -------------------------------------------------------------------------------------------------- 6.2 graphics
@rule("6.2.2")
def content_streams(read: Read) -> list[str]:
    """Only operators of ISO 32000-1; each page has resources of its own."""
    found = [f"operator {o}" for page in read.pages for _, o in page if o not in OPERATORS]
    return found + ["no resources" for page in read.pdf.pages if "/Resources" not in page.obj]


@rule("6.2.3")
def output_intent(read: Read) -> list[str]:
    """One intent GTS_PDFA1 with an RGB profile of ICC version 2 or 4 for display or output."""
    intents = [i for i in read.root.get("/OutputIntents", []) if i.get("/S") == "/GTS_PDFA1"]
    if len({i.DestOutputProfile.objgen for i in intents if "/DestOutputProfile" in i}) != 1:
        return ["not one profile"]
    stream = intents[0].DestOutputProfile
    profile = stream.read_bytes()
    found = [] if int.from_bytes(profile[:4], "big") == len(profile) else ["size of the profile"]
    found += [] if profile[36:40] == b"acsp" and profile[8] in (2, 4) else ["no ICC profile"]
    found += [] if profile[12:16] in (b"mntr", b"prtr") else ["class of the profile"]
    return found + ([] if profile[16:20] == b"RGB " and stream.N == 3 else ["space of the profile"])


@rule("6.2.4.3")
def device_colours(read: Read) -> list[str]:
    """Device colours are those of the output intent: RGB and grey, never CMYK."""
    found = [f"operator {o}" for page in read.pages for _, o in page if o in ("K", "k")]
    for page in read.pages:
        for operands, operator in page:
            if operator in ("CS", "cs") and str(operands[0]) not in ("/DeviceRGB", "/DeviceGray"):
                found.append(str(operands[0]))
    return found


@rule("6.2.5")
def graphics_states(read: Read) -> list[str]:
    """No transfer functions, no halftone phase."""
    states = [s for page in read.pdf.pages for s in page.resources.get("/ExtGState", {}).values()]
    found = [key for state in states for key in ("/TR", "/HTP") if key in state]
    return found + [str(s.TR2) for s in states if "/TR2" in s and s.TR2 != "/Default"]


@rule("6.2.8")
def images_and_forms(read: Read) -> list[str]:
    """No alternates, OPI, interpolation, PostScript or reference objects (6.2.8, 6.2.9)."""
    found = []
    for one in read.pdf.objects:
        if isinstance(one, pikepdf.Stream) and one.get("/Subtype") in ("/Image", "/Form", "/PS"):
            found += [key for key in ("/Alternates", "/OPI", "/PS", "/Ref") if key in one]
            found += ["interpolated"] if one.get("/Interpolate", False) else []
            found += ["PostScript"] if one.Subtype == "/PS" else []
    return found


@rule("6.2.10")
def transparency(read: Read) -> list[str]:
    """Standard blend modes; with an output intent, groups need no colour space, but none may be of CMYK."""
    states = [s for page in read.pdf.pages for s in page.resources.get("/ExtGState", {}).values()]
    found = [str(s.BM) for s in states if "/BM" in s and str(s.BM).lstrip("/") not in BLENDS]
    groups = [page.obj.Group for page in read.pdf.pages if "/Group" in page.obj]
    return found + [str(g.CS) for g in groups if "/CS" in g and g.CS == "/DeviceCMYK"]


# ------------------------------------------------------------------------------------------------ 6.2.11 fonts
def _program(font: Any) -> TTFont:
    return TTFont(io.BytesIO(font.FontDescriptor.FontFile2.read_bytes()))


def _used(read: Read) -> dict[str, set[int]]:
    """Codes that the pages show, by font."""
    found: dict[str, set[int]] = {}
    for page in read.pages:
        name = ""
        for operands, operator in page:
            if operator == "Tf":
                name = str(operands[0])
            elif operator in ("Tj", "'", '"'):
                found.setdefault(name, set()).update(bytes(operands[-1]))
            elif operator == "TJ":
                texts = [bytes(part) for part in operands[0] if isinstance(part, pikepdf.String)]
                found.setdefault(name, set()).update(*texts)
    return found


@rule("6.2.11.4.1")
def fonts_are_embedded(read: Read) -> list[str]:
    """Each font that a page names has its program in the file."""
    fonts = read.fonts()
    missing = [name for name in _used(read) if name not in fonts]
    return missing + [
        name for name, font in fonts.items() if "/FontFile2" not in font.get("/FontDescriptor", pikepdf.Dictionary())
    ]


@rule("6.2.11.5")
def widths(read: Read) -> list[str]:
    """Widths of the dictionary and of the program differ by at most a thousandth of the size."""
    found, used = [], _used(read)
    for name, font in read.fonts().items():
        program = _program(font)
        scale, cmap = 1000 / program["head"].unitsPerEm, _cmap(program)
        for code in used.get(name, ()):
            told = float(font.Widths[code - int(font.FirstChar)])
            real = program["hmtx"][program.getGlyphName(cmap.get(code, 0))][0] * scale
            found += [f"{name} {code}: {told}, {real}"] if abs(told - real) > 1 else []
    return found


def _cmap(program: TTFont) -> dict[int, int]:
    table = program["cmap"].tables[0]
    return {code & 0xFF: program.getGlyphID(glyph) for code, glyph in table.cmap.items()}


@rule("6.2.11.6")
def symbolic_fonts(read: Read) -> list[str]:
    """A symbolic TrueType font has no encoding and one character map, or one of Microsoft symbols."""
    found = []
    for name, font in read.fonts().items():
        flags = int(font.FontDescriptor.Flags)
        if not flags & 4 or flags & 32:
            found.append(f"{name}: flags {flags}")
        found += [f"{name}: encoding"] if "/Encoding" in font else []
        maps = _program(font)["cmap"].tables
        kinds = [(one.platformID, one.platEncID) for one in maps]
        found += [f"{name}: {kinds}"] if len(maps) != 1 and (3, 0) not in kinds else []
    return found


@rule("6.2.11.7")
def unicode_of_glyphs(read: Read) -> list[str]:
    """Each code that is shown has a Unicode value (asked for by level U; met here)."""
    found, used = [], _used(read)
    for name, font in read.fonts().items():
        told = _to_unicode(font)
        found += [f"{name} {code}" for code in used.get(name, ()) if told.get(code, 0) in (0, 0xFEFF, 0xFFFE)]
    return found


def _to_unicode(font: Any) -> dict[int, int]:
    text = font.ToUnicode.read_bytes().decode("ascii")
    found: dict[int, int] = {}
    for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.S):
        for first, last, values in re.findall(r"<(\w+)>\s*<(\w+)>\s*\[(.*?)\]", block, re.S):
            told = re.findall(r"<(\w+)>", values)
            found |= {int(first, 16) + i: int(v, 16) for i, v in enumerate(told[: int(last, 16) - int(first, 16) + 1])}
        for first, last, value in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            found |= {i: int(value, 16) + i - int(first, 16) for i in range(int(first, 16), int(last, 16) + 1)}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.S):
        found |= {int(code, 16): int(value, 16) for code, value in re.findall(r"<(\w+)>\s*<(\w+)>", block)}
    return found


@rule("6.2.11.8")
def no_missing_glyph_is_shown(read: Read) -> list[str]:
    """No code leads to .notdef."""
    found, used = [], _used(read)
    for name, font in read.fonts().items():
        cmap = _cmap(_program(font))
        found += [f"{name} {code}" for code in used.get(name, ()) if cmap.get(code, 0) == 0]
    return found


# ------------------------------------------------------------------------------- 6.3 to 6.5 annotations, actions
@rule("6.3.1")
def kinds_of_annotations(read: Read) -> list[str]:
    """Only kinds of ISO 32000-1, without sound, film, screens and three dimensions."""
    return [str(a.Subtype) for a in read.annotations() if str(a.Subtype).lstrip("/") not in ANNOTATIONS]


@rule("6.3.2")
def flags_of_annotations(read: Read) -> list[str]:
    """Printed, neither hidden nor invisible nor toggled; opaque."""
    found = [str(a.get("/F")) for a in read.annotations() if int(a.get("/F", 0)) & 0b100101111 != 4]
    return found + ["opacity" for a in read.annotations() if float(a.get("/CA", 1)) != 1]


@rule("6.3.3")
def appearance_of_annotations(read: Read) -> list[str]:
    """All but links and popups, and those without extent, have an appearance."""
    return [str(a.Subtype) for a in read.annotations() if a.Subtype not in ("/Link", "/Popup") and "/AP" not in a]


@rule("6.4.1")
def forms(read: Read) -> list[str]:
    """No XFA, no appearances left to the reader."""
    form = read.root.get("/AcroForm", pikepdf.Dictionary())
    return [key for key in ("/XFA", "/NeedAppearances") if key in form]


@rule("6.5.1")
def actions(read: Read) -> list[str]:
    """No scripts, programs, sounds, films, no resetting of forms."""
    found = ["script"] if "/JavaScript" in read.root.get("/Names", {}) else []
    for one in read.dictionaries():
        if one.get("/Type") == "/Action" or ("/S" in one and "/Next" in one):
            found += [str(one.S)] if str(one.S) not in ACTIONS else []
        found += ["script"] if "/JS" in one else []
    return found


@rule("6.5.2")
def trigger_events(read: Read) -> list[str]:
    """Nothing happens by itself."""
    return ["additional action" for one in read.dictionaries() if "/AA" in one]


# ------------------------------------------------------------------------------------------------- 6.6 metadata
def _metadata(read: Read) -> ElementTree.Element:
    return ElementTree.fromstring(read.root.Metadata.read_bytes())


@rule("6.6.2.1")
def metadata_stream(read: Read) -> list[str]:
    """The catalog has XMP in one packet, UTF-8, readable without a PDF reader."""
    stream = read.root.get("/Metadata")
    if stream is None:
        return ["none"]
    data = stream.read_raw_bytes()
    found = ["filtered"] if "/Filter" in stream else []
    found += [] if stream.Type == "/Metadata" and stream.Subtype == "/XML" else ["type"]
    packed = data.startswith('<?xpacket begin="\ufeff"'.encode()) and b'<?xpacket end="w"?>' in data[-40:]
    found += [] if packed else ["packet"]
    return found + (["attributes of old"] if re.search(rb"xpacket begin=[^?]*(bytes|encoding)=", data) else [])


@rule("6.6.2.3")
def properties_are_known(read: Read) -> list[str]:
    """Only predefined schemas, so that no extension needs to be described."""
    spaces = tuple(f"{{{space}}}" for space in NAMESPACES.values())
    tags = [e.tag for e in _metadata(read).iter() if not e.tag.startswith("{adobe:ns:meta/}")]
    return [tag for tag in tags if not tag.startswith(spaces)]


@rule("6.6.3")
def information_and_metadata_agree(read: Read) -> list[str]:
    """Title, subject, keywords, programs and dates are said alike in both."""
    info, xmp = read.pdf.docinfo, _metadata(read)

    def said(path: str) -> str:
        return next((e.text or "" for e in xmp.iterfind(f".//{path}", NAMESPACES)), "")

    def date(value: str) -> str:
        return re.sub(r"D:(....)(..)(..)(..)(..)(..)\+00'00'", r"\1-\2-\3T\4:\5:\6+00:00", value)

    pairs = {
        "/Title": said("dc:title/rdf:Alt/rdf:li"),
        "/Subject": said("dc:description/rdf:Alt/rdf:li"),
        "/Keywords": said("pdf:Keywords"),
        "/Producer": said("pdf:Producer"),
        "/Creator": said("xmp:CreatorTool"),
        "/CreationDate": said("xmp:CreateDate"),
        "/ModDate": said("xmp:ModifyDate"),
    }
    extra = [key for key in info if key not in pairs]
    return extra + [key for key, told in pairs.items() if date(str(info.get(key, ""))) != told]


@rule("6.6.4")
def version(read: Read) -> list[str]:
    """Part 3, conformance B."""
    xmp = _metadata(read)
    told = [e.text for name in ("part", "conformance") for e in xmp.iterfind(f".//pdfaid:{name}", NAMESPACES)]
    return [] if told == ["3", "B"] else [str(told)]


# ---------------------------------------------------------------------------------------------- 6.7 to 6.11
@rule("6.7")
def logical_structure(read: Read) -> list[str]:
    """Marked, with a tree, a language and standard roles (asked for by level A; met here)."""
    root = read.root
    found = [] if root.get("/MarkInfo", {}).get("/Marked") else ["not marked"]
    found += [] if "/StructTreeRoot" in root else ["no tree"]
    return found + ([] if str(root.get("/Lang", "")) else ["no language"])


@rule("6.8")
def embedded_files(read: Read) -> list[str]:
    """Each has both names, a relation, a type and a date, and is associated with the document."""
    names = read.root.get("/Names", {}).get("/EmbeddedFiles", {}).get("/Names", [])
    files = [names[i] for i in range(1, len(names), 2)]
    associated = {one.objgen for one in read.root.get("/AF", [])}
    found = [] if [str(names[i]) for i in range(0, len(names), 2)] == sorted(str(f.UF) for f in files) else ["order"]
    for file in files:
        found += [key for key in ("/F", "/UF", "/AFRelationship", "/EF") if key not in file]
        stream = file.EF.F
        found += [] if "/Subtype" in stream and "/" in str(stream.Subtype)[1:] else ["no type"]
        found += [] if "/ModDate" in stream.get("/Params", {}) else ["no date"]
        found += [] if file.objgen in associated else ["not associated"]
        relations = ("/Source", "/Data", "/Alternative", "/Supplement", "/Unspecified")
        found += [] if file.get("/AFRelationship") in relations else ["relation"]
    return found


@rule("6.9")
def optional_content(read: Read) -> list[str]:
    """None."""
    return [key for key in ("/OCProperties",) if key in read.root]


@rule("6.10")
def alternate_presentations(read: Read) -> list[str]:
    """Neither alternate presentations nor steps of pages."""
    found = ["alternate"] if "/AlternatePresentations" in read.root.get("/Names", {}) else []
    return found + ["steps" for page in read.pdf.pages if "/PresSteps" in page.obj]


@rule("6.11")
def requirements(read: Read) -> list[str]:
    """The document asks nothing of its reader."""
    return ["requirements"] if "/Requirements" in read.root else []
