"""Independent validation of a credit-risk model package: reads the open format, rebuilds, compares, writes findings."""

from __future__ import annotations

from validation.errors import Fault, ValidationInputError
from validation.package import Package
from validation.reader import read_package

__all__ = ["Fault", "Package", "ValidationInputError", "read_package"]
