"""No stream of an archive file ends in a byte that could be of the end of line before `endstream`."""

from __future__ import annotations

import io
import random
import re
import zlib
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from docs_templates.render import streams
from docs_templates.templates import DOCUMENTS

AMBIGUOUS = re.compile(rb"(?<!stream)(?:\r|\n)\nendstream")


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True)
    return out.getvalue()


def _made(seed: int, kept: int = 0) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.Root.Kept = Array([pdf.make_indirect(Dictionary(N=i * seed, S=String(f"{seed} (a) {i}"))) for i in range(kept)])
    pdf.Root.Seed = seed
    return pdf


def _all(data: bytes) -> list[bytes]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.check_pdf_syntax() == []
        found = []
        for one in pdf.objects:
            if isinstance(one, pikepdf.Stream):
                if one.get("/Type") not in ("/ObjStm", "/XRef"):
                    found.append(one.read_bytes())
            else:
                found.append(one.unparse())
        return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_stream_of_a_document_ends_so(nasty_package: Path, name: str) -> None:
    assert not AMBIGUOUS.search((nasty_package / "documents" / f"{name}.pdf").read_bytes())


def test_streams_keep_their_data() -> None:
    held = [random.Random(i).randbytes(300) for i in range(1200)]
    pdf = _made(1)
    pdf.Root.Held = Array([pdf.make_indirect(pikepdf.Stream(pdf, data)) for data in held])
    before = _saved(pdf)
    assert len(AMBIGUOUS.findall(before)) > 3
    streams.settle(pdf)
    after = streams.ended(_saved(pdf))
    assert not AMBIGUOUS.search(after)
    with pikepdf.open(io.BytesIO(after)) as read:
        assert [one.read_bytes() for one in read.Root.Held] == held
        told = [one for one in read.Root.Held if "/DecodeParms" in one]
        assert 3 < len(told) < 40
        assert all(one.Filter == Name.FlateDecode for one in read.Root.Held)


def test_object_streams_keep_their_objects() -> None:
    seen = 0
    for seed in range(1, 8):
        before = _saved(_made(seed, kept=9_000))
        seen += len(AMBIGUOUS.findall(before))
        after = streams.ended(before)
        assert not AMBIGUOUS.search(after)
        assert len(after) == len(before) or b"/XRef" in before[before.rindex(b" obj\n") :]
        assert _all(after) == _all(before)
        assert [b"/ObjStm" in before, before == after] == [True, not AMBIGUOUS.search(before)]
    assert seen > 2


def test_cross_references_keep_their_places() -> None:
    seen = 0
    for seed in range(500):
        before = _saved(_made(seed, kept=seed))
        last = before.rindex(b"endstream")
        if before[last - 2] in b"\r\n":
            seen += 1
            after = streams.ended(before)
            assert not AMBIGUOUS.search(after)
            assert _all(after) == _all(before)
            assert after[after.rindex(b"startxref") :] == before[before.rindex(b"startxref") :]
    assert seen


def test_a_stream_that_cannot_be_mended_is_told() -> None:
    data = next(d for i in range(9999) if zlib.adler32(d := b"x" * i) & 0xFF == 10)
    pdf = _made(1)
    pdf.Root.Held = pdf.make_indirect(pikepdf.Stream(pdf, data))
    with pytest.raises(RuntimeError, match="ends in an end of line"):
        streams.ended(_saved(pdf))


def test_what_codes_mean_is_in_utf_16_and_nothing_means_nothing() -> None:
    lines = "\n".join(f"<{code:02X}> <{0 if code < 9 else 0x1D400 + code:04X}>" for code in range(256))
    text = streams.meaning(f"1 begincodespacerange\n256 beginbfchar\n{lines}\nendbfchar".encode()).decode()
    told = dict(re.findall(r"<(\w\w)> <(\w+)>", text.partition("endcodespacerange")[2]))
    assert set(told) == {f"{code:02X}" for code in range(9, 256)}
    assert {bytes.fromhex(v).decode("utf-16-be") for v in told.values()} == {chr(0x1D400 + c) for c in range(9, 256)}
    counts = [int(n) for n in re.findall(r"(\d+) beginbfchar", text)]
    assert sum(counts) == len(told)
    assert max(counts) <= 100
