"""Authored texts in documents of two pages: what has room there, to the end of a sentence, and what is left out.

The texts of a document share a number of words where all together are too long: short ones stand whole, the others have
the same part of what is left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from docs_templates.document import Block, Statement, Table
from docs_templates.formatting import fixed
from docs_templates.language import say

STATEMENT_WORDS, TABLE_WORDS = (230, 100), (230, 90)
"""Words of all authored texts of a document, and of the cells of a table: so many may be there; where they are more,
so many are shared."""
LINE_WORDS = 18
"""Words of a control line, at most."""
PARAGRAPHS = 4
"""Paragraphs of an authored text, at most."""
ROWS = 4
"""Rows of a table with texts that were shortened, at most."""
WHOLE = "governance."
"""Evidence that is printed whole: who signed what."""
SENTENCE = re.compile(r"[.!?…。؟][\"'”’)\]]*(?=\s|$)")


def shortened_lines(control: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Control lines with long values shortened."""
    return tuple((label, _line(value)) for label, value in control)


def _line(value: str) -> str:
    text, left = first_words(value, LINE_WORDS)
    return say("brief.line", text=text, words=_words(left)) if left else value


def shortened(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks of a brief document with long authored texts shortened; each says where the rest stands."""
    texts = [len(block.text.split()) for block in blocks if isinstance(block, Statement)]
    most = share(texts, *STATEMENT_WORDS)
    return tuple(_shortened(block, most) for block in blocks)


def share(lengths: Sequence[int], most: int, shared: int) -> int:
    """The length that no text may exceed: that of the longest where all together have `most` words or fewer, else the
    greatest (at least one) with which all together have `shared` words or fewer."""
    rest = shared
    if sum(lengths) > most:
        for position, length in enumerate(sorted(lengths)):
            part = rest // (len(lengths) - position)
            if length > part:
                return max(part, 1)
            rest -= length
    return max(lengths, default=1)


def _shortened(block: Block, most: int) -> Block:
    if isinstance(block, Statement):
        parts = [part for part in block.text.split("\n\n") if part.strip()]
        text, left = first_words("\n\n".join(parts[:PARAGRAPHS]), most)
        left += sum(len(part.split()) for part in parts[PARAGRAPHS:])
        if not left:
            return block
        note = say("brief.continues", evidence=block.evidence, words=_words(left))
        return replace(block, text=text, notes=(*block.notes, note))
    if not isinstance(block, Table) or block.evidence is None or block.evidence.startswith(WHOLE):
        return block
    return _short_table(block)


def _short_table(block: Table) -> Table:
    """A table whose long cells are shortened where all of them together have too many words."""
    rows = block.rows[:ROWS]
    most = share([len(cell.split()) for row in rows for cell in row], *TABLE_WORDS)
    shorter = [[first_words(cell, most) for cell in row] for row in rows]
    left_out = sum(left for row in shorter for _, left in row)
    if not left_out:
        return block
    note = say("brief.table", words=_words(left_out))
    notes = (*block.notes, note)
    if len(block.rows) > ROWS:
        notes = (*notes, say("brief.rows", shown=fixed(ROWS, 0), rows=fixed(len(block.rows), 0)))
    told = tuple(tuple(text for text, _ in row) for row in shorter)
    return replace(block, rows=told, positions=block.positions[:ROWS], notes=notes)


def _words(count: int) -> str:
    number = fixed(count, 0)
    return say("brief.words", count=number) if count > 1 else say("brief.word", count=number)


def first_words(text: str, most: int) -> tuple[str, int]:
    """`text` where it has `most` words or fewer, else its first sentences within them (its first words, with an
    ellipsis, where the first sentence is longer); and how many words are left out."""
    found = list(re.finditer(r"\S+", text))
    if len(found) <= most:
        return text, 0
    room = text[: found[most - 1].end()]
    ends = [one.end() for one in SENTENCE.finditer(room + " ") if one.end() <= len(room)]
    kept = room[: ends[-1]] if ends else room
    return kept if ends else f"{kept} …", len(found) - len(kept.split())
