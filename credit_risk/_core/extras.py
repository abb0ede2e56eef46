"""Optional dependencies, imported when first needed; the error names the extra that brings them."""

from __future__ import annotations

import importlib
from types import ModuleType

from credit_risk._core.errors import Fault, MissingExtraError


def optional_import(module: str, extra: str) -> ModuleType:
    """Import `module`, or raise MissingExtraError naming the `extra` of the distribution that brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        remedy = f"pip install 'credit-risk-lifecycle[{extra}]'"
        raise MissingExtraError(
            Fault(f"{module} cannot be imported ({error})", code="extra_missing", remedy=remedy)
        ) from error
