"""Exports of a package, read and evaluated by the validator itself."""

from validation.exports.document import Unknown, XmlRefused
from validation.exports.pmml import Document, evaluate, read

__all__ = ["Document", "Unknown", "XmlRefused", "evaluate", "read"]
