"""Kinds of events in the audit trail."""

from __future__ import annotations

CREATED = "inventory_created"
PERSON_REGISTERED = "person_registered"
KEY_ROTATED = "key_rotated"
KEY_REVOKED = "key_revoked"
RECOVERY_NAMED = "recovery_key_named"
KEY_RECOVERED = "key_recovered"
MODEL_ENTERED = "model_entered"
MODEL_DESCRIBED = "model_described"
TIER_SET = "tier_set"
DATE_SET = "date_set"
VERSION_PROPOSED = "version_proposed"
PROPOSAL_CHANGED = "proposal_changed"
PACKAGE_REGISTERED = "package_registered"
ROLE_GIVEN = "role_given"
ROLE_ENDED = "role_ended"
SIGNED_OFF = "signed_off"
SIGN_OFFS_VOIDED = "sign_offs_voided"
STAGE_ENTERED = "stage_entered"
ROLLED_BACK = "rolled_back"
OVERRIDDEN = "overridden"
PROVISION_ADDED = "provision_added"
PROVISION_ENDED = "provision_ended"
FINDING_RAISED = "finding_raised"
FINDING_RESPONDED = "finding_responded"
FINDING_RETESTED = "finding_retested"
FINDING_CLOSED = "finding_closed"
NOTED = "noted"
EXPERIMENT_STARTED = "experiment_started"
EXPERIMENT_ENDED = "experiment_ended"
DEVELOPMENT_DECIDED = "development_decided"
PERSONAL_READ = "personal_data_read"
PERSONAL_ERASED = "personal_data_erased"
PROTECTED_CREATED = "protected_store_created"
PROTECTED_LOADED = "protected_attributes_loaded"
PROTECTED_READ = "protected_attributes_read"
PROTECTED_ERASED = "protected_attributes_erased"
PROTECTED_EXPIRED = "protected_attributes_expired"
PROTECTED_REKEYED = "protected_store_rekeyed"
REBUILT = "projections_rebuilt"
REVIEWED = "reviewed"
UPGRADED = "rules_raised"

DECIDING = (
    *(ROLE_GIVEN, ROLE_ENDED, PACKAGE_REGISTERED, STAGE_ENTERED, ROLLED_BACK, PROVISION_ADDED, PROVISION_ENDED),
    *(FINDING_RETESTED, FINDING_CLOSED, REVIEWED),
)
"""Events that decide something: each is signed by its actor; so is `tier_set` where the rule is overridden. Sign-offs,
overrides and what concerns keys hold signed statements of their own."""
DESCRIBING = (
    *(MODEL_ENTERED, MODEL_DESCRIBED, TIER_SET, DATE_SET, VERSION_PROPOSED, PROPOSAL_CHANGED, SIGN_OFFS_VOIDED),
    *(PERSONAL_READ, PERSONAL_ERASED, PROTECTED_CREATED, PROTECTED_LOADED, PROTECTED_READ, PROTECTED_ERASED),
    *(PROTECTED_EXPIRED, PROTECTED_REKEYED),
    *(FINDING_RAISED, FINDING_RESPONDED, NOTED, REBUILT, EXPERIMENT_STARTED, EXPERIMENT_ENDED, DEVELOPMENT_DECIDED),
)
"""Events of acts of which the bank's policy says whether they need a key; each says whether it was signed."""
