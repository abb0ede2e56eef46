"""Model inventory: every model, its stage, who decided what on which evidence; nobody changes it afterwards.

>>> from credit_risk.inventory import create_inventory          # doctest: +SKIP
>>> inventory = create_inventory("inventory.db")                # doctest: +SKIP

Names are imported when first used; they need the extra `inventory`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from credit_risk._core.extras import optional_import

_PUBLIC = {
    "Inventory": "credit_risk.inventory.book",
    "create_inventory": "credit_risk.inventory.book",
    "open_inventory": "credit_risk.inventory.book",
    "upgrade_inventory": "credit_risk.inventory.book",
    "InputFacts": "credit_risk.inventory.contracts",
    "ModelFacts": "credit_risk.inventory.contracts",
    "DocumentSigner": "credit_risk.inventory.documents.signing",
    "AuditError": "credit_risk.inventory.errors",
    "FourEyesError": "credit_risk.inventory.errors",
    "GateError": "credit_risk.inventory.errors",
    "InventoryError": "credit_risk.inventory.errors",
    "KeyFileError": "credit_risk.inventory.errors",
    "ProtectedError": "credit_risk.inventory.errors",
    "ProtectedStore": "credit_risk.inventory.protected.store",
    "create_protected": "credit_risk.inventory.protected.store",
    "open_protected": "credit_risk.inventory.protected.store",
    "load_table": "credit_risk.inventory.protected.table_files",
    "pseudonymise_table": "credit_risk.inventory.protected.table_files",
    "new_secret": "credit_risk.inventory.protected.pseudonyms",
    "open_secret": "credit_risk.inventory.protected.pseudonyms",
    "PolicyError": "credit_risk.inventory.policy.read",
    "Policy": "credit_risk.inventory.policy.read",
    "default_policy": "credit_risk.inventory.policy.read",
    "read_policy": "credit_risk.inventory.policy.read",
    "PolicyGatekeeper": "credit_risk.inventory.gates.gatekeeper",
    "Review": "credit_risk.inventory.service.reviews",
    "review_model": "credit_risk.inventory.service.reviews",
    "export_inventory": "credit_risk.inventory.view.written",
    "write_page": "credit_risk.inventory.view.written",
    "Signer": "credit_risk.inventory.service.signing",
    "Signed": "credit_risk.inventory.keys.statements",
    "new_key": "credit_risk.inventory.keys.key_pair",
    "read_key": "credit_risk.inventory.keys.key_pair",
    "write_key": "credit_risk.inventory.keys.key_pair",
    "read_public_key": "credit_risk.inventory.keys.key_pair",
    "read_public_keys": "credit_risk.inventory.keys.key_pair",
    "Anchor": "credit_risk.inventory.audit.anchors",
    "read_anchors": "credit_risk.inventory.audit.anchors",
    "read_anchor_file": "credit_risk.inventory.audit.anchor_files",
    "read_anchor_text": "credit_risk.inventory.audit.anchors",
    "read_trail": "credit_risk.inventory.audit.chain",
    "verify_lines": "credit_risk.inventory.audit.verification",
    "Verification": "credit_risk.inventory.audit.verification",
}

if TYPE_CHECKING:
    from credit_risk.inventory.audit.anchor_files import read_anchor_file
    from credit_risk.inventory.audit.anchors import Anchor, read_anchor_text, read_anchors
    from credit_risk.inventory.audit.chain import read_trail
    from credit_risk.inventory.audit.verification import Verification, verify_lines
    from credit_risk.inventory.book import Inventory, create_inventory, open_inventory, upgrade_inventory
    from credit_risk.inventory.contracts import InputFacts, ModelFacts
    from credit_risk.inventory.documents.signing import DocumentSigner
    from credit_risk.inventory.errors import (
        AuditError,
        FourEyesError,
        GateError,
        InventoryError,
        KeyFileError,
        ProtectedError,
    )
    from credit_risk.inventory.gates.gatekeeper import PolicyGatekeeper
    from credit_risk.inventory.keys.key_pair import new_key, read_key, read_public_key, read_public_keys, write_key
    from credit_risk.inventory.keys.statements import Signed
    from credit_risk.inventory.policy.read import Policy, PolicyError, default_policy, read_policy
    from credit_risk.inventory.protected.pseudonyms import new_secret, open_secret
    from credit_risk.inventory.protected.store import ProtectedStore, create_protected, open_protected
    from credit_risk.inventory.protected.table_files import load_table, pseudonymise_table
    from credit_risk.inventory.service.reviews import Review, review_model
    from credit_risk.inventory.service.signing import Signer
    from credit_risk.inventory.view.written import export_inventory, write_page

__all__ = [
    "Anchor",
    "AuditError",
    "DocumentSigner",
    "FourEyesError",
    "GateError",
    "InputFacts",
    "Inventory",
    "InventoryError",
    "KeyFileError",
    "ModelFacts",
    "Policy",
    "PolicyError",
    "PolicyGatekeeper",
    "ProtectedError",
    "ProtectedStore",
    "Review",
    "Signed",
    "Signer",
    "Verification",
    "create_inventory",
    "create_protected",
    "default_policy",
    "export_inventory",
    "load_table",
    "new_key",
    "new_secret",
    "open_inventory",
    "open_protected",
    "open_secret",
    "pseudonymise_table",
    "read_anchor_file",
    "read_anchor_text",
    "read_anchors",
    "read_key",
    "read_policy",
    "read_public_key",
    "read_public_keys",
    "read_trail",
    "review_model",
    "upgrade_inventory",
    "verify_lines",
    "write_key",
    "write_page",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for library in ("sqlalchemy", "alembic", "cryptography"):
        optional_import(library, "inventory")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
