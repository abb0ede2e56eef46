"""The names of documents stand in three places, which import nothing of each other: they agree."""

from __future__ import annotations

from typing import get_args

from credit_risk.plan.plan import Document
from docs_templates.cli import DOCUMENT_NAMES
from docs_templates.templates import DOCUMENTS, KNOWN, template_folder


def test_plan_command_and_templates_name_the_same_documents() -> None:
    assert get_args(Document) == DOCUMENTS
    assert DOCUMENT_NAMES == KNOWN
    assert all((template_folder(name) / "00_document.md").is_file() for name in KNOWN)
