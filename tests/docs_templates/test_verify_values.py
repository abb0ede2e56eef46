"""Values of a document that other templates made: told with certainty, or counted as not compared."""

from __future__ import annotations

import pytest

from docs_templates.verify.flow import compare_values
from docs_templates.verify.places import Unit, Value
from docs_templates.verify.stream import Stream

HEADS = ("Sample", "Rowsthatweread", "Sharethatisbad")
ROWS = (("Developmentsample", "13,674", "36.1%"), ("Outoftimesample", "4,210", "35.8%"))


def _cell(text: str, part: str) -> Unit:
    return Unit("1", "Table 1", part, text, text, (Value(0, len(text), text, part, "x"),), head="".join(HEADS))


def _units() -> list[Unit]:
    sentence = "Theshareofbadsofthedevelopmentsampleis36.1%ofallitsrows."
    at = sentence.index("36.1%")
    prose = Unit("1", "text", "", sentence, sentence, (Value(at, at + 5, "36.1%", "bad_rate", "x"),))
    heads = [Unit("1", "Table 1", f"head “{one}”", one, one) for one in HEADS]
    cells = [_cell(text, f"row {n}, {HEADS[k]}") for n, row in enumerate(ROWS, 1) for k, text in enumerate(row)]
    return [Unit("1", "heading", "", "Samplesofthemodel", ""), prose, *heads, *cells,
            Unit("2", "heading", "", "Whatcomesafterwards", "")]  # fmt: skip


def _stream(text: str) -> Stream:
    return Stream(text, (0,), ((0, 0),), frozenset({0}), (1,))


def _text() -> str:
    return "".join(one.text for one in _units())


@pytest.mark.parametrize(
    ("old", "new", "printed"),
    [("13,674", "23,674", "23,674"), ("is36.1%of", "is26.1%of", "26.1%"), ("13,67436.1%", "13,67536.1%", "13,675")],
)
def test_another_number_in_a_known_text_is_altered(old: str, new: str, printed: str) -> None:
    told, _ = compare_values(_units(), _stream(_text().replace(old, new)))
    assert [one.printed for one in told] == [printed]


@pytest.mark.parametrize(
    "other",
    [
        _text(),
        _text().replace("Theshareofbadsofthe", "Ofthe25rowsofthe"),
        _text().replace("Sharethatisbad", "").replace("36.1%Out", "Out").replace("35.8%What", "What"),
        _text().replace("13,67436.1%", "36.1%13,674").replace("4,21035.8%", "35.8%4,210"),
        _text().replace("36.1%", "0.361").replace("35.8%", "0.358"),
        "".join(HEADS) + "".join(t for row in ROWS for t in row) + "Samplesofthemodel" + "Whatcomesafterwards",
        "",
    ],
    ids=["alike", "reworded", "column dropped", "columns swapped", "other format", "table moved", "empty"],
)
def test_other_words_and_arrangements_are_no_alteration(other: str) -> None:
    told, left = compare_values(_units(), _stream(other))
    assert told == []
    assert (left == 0) == (other == _text())
