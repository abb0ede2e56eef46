"""Characters that formats of files cannot hold."""

from __future__ import annotations


def fits_xml(text: str) -> bool:
    """Whether XML 1.0 can hold every character of `text` (section 2.2 of the recommendation)."""
    return all(c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000" for c in text)
