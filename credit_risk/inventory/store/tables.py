"""The tables. `events` is the record; `erasable` holds personal data; all others are projections of the events."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

HASH = sa.String(64)
NAME = sa.String(200)
MOMENT = sa.String(20)
DAY = sa.String(10)


def _version_key() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.version"])


events = sa.Table(
    "events",
    metadata,
    sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("previous", HASH, nullable=False),
    sa.Column("hash", HASH, nullable=False, unique=True),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("actor", NAME, nullable=False),
    sa.Column("kind", sa.String(60), nullable=False),
    sa.Column("model", NAME),
    sa.Column("version", NAME),
    sa.Column("line", sa.Text, nullable=False),
    sa.Index("events_of_model", "model", "sequence"),
    sa.Index("events_of_kind", "kind", "sequence"),
)

erasable = sa.Table(
    "erasable",
    metadata,
    sa.Column("token", HASH, primary_key=True),
    sa.Column("category", sa.String(60), nullable=False),
    sa.Column("salt", HASH),
    sa.Column("value", sa.Text),
    sa.Column("keep_until", DAY),
    sa.Index("erasable_value", "category", "value"),
)

head = sa.Table(
    "head",
    metadata,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", HASH, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.CheckConstraint("one = 1", name="head_is_one_row"),
)

persons = sa.Table(
    "persons",
    metadata,
    sa.Column("person", NAME, primary_key=True),
    sa.Column("name_token", HASH),
    sa.Column("identity_token", HASH, unique=True),
    sa.Column("registrar", sa.Boolean, nullable=False),
    sa.Column("registered", MOMENT, nullable=False),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("fingerprint", HASH, primary_key=True),
    sa.Column("person", NAME, sa.ForeignKey("persons.person"), nullable=False),
    sa.Column("public_key", HASH, nullable=False, unique=True),
    sa.Column("since", MOMENT, nullable=False),
    sa.Column("expires", MOMENT, nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("ended", MOMENT),
    sa.Column("distrusted_since", MOMENT),
    sa.CheckConstraint("state IN ('active', 'rotated', 'revoked')", name="key_state"),
)
sa.Index(
    "one_active_key_per_person",
    keys.c.person,
    unique=True,
    sqlite_where=keys.c.state == "active",
    postgresql_where=keys.c.state == "active",
)

models = sa.Table(
    "models",
    metadata,
    sa.Column("model", NAME, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text),
    sa.Column("intended_use", sa.Text),
    sa.Column("actual_use", sa.Text),
    sa.Column("boundaries", sa.Text),
    sa.Column("vendor", sa.Text),
    sa.Column("owner", NAME, sa.ForeignKey("persons.person")),
    sa.Column("objectives", sa.Text, nullable=False),
    sa.Column("tier_inputs", sa.Text, nullable=False),
    sa.Column("tier", sa.String(20)),
    sa.Column("tier_facts", sa.Text),
    sa.Column("stage", sa.String(20)),
    sa.Column("live_version", NAME),
    sa.Column("search", sa.Text, nullable=False),
    sa.Index("models_of_stage", "stage"),
    sa.Index("models_of_tier", "tier"),
    sa.Index("models_of_owner", "owner"),
)

products = sa.Table(
    "products",
    metadata,
    sa.Column("model", NAME, sa.ForeignKey("models.model"), primary_key=True),
    sa.Column("product", NAME, primary_key=True),
    sa.Index("models_of_product", "product"),
)

inputs = sa.Table(
    "inputs",
    metadata,
    sa.Column("model", NAME, sa.ForeignKey("models.model"), primary_key=True),
    sa.Column("input", NAME, primary_key=True),
    sa.Column("source", sa.Text),
    sa.Column("kind", sa.String(60)),
    sa.Index("models_of_input", "input"),
)

upstream = sa.Table(
    "upstream",
    metadata,
    sa.Column("model", NAME, sa.ForeignKey("models.model"), primary_key=True),
    sa.Column("upstream", NAME, sa.ForeignKey("models.model"), primary_key=True),
    sa.CheckConstraint("model <> upstream", name="no_model_feeds_itself"),
    sa.Index("models_downstream", "upstream"),
)

dates = sa.Table(
    "dates",
    metadata,
    sa.Column("model", NAME, sa.ForeignKey("models.model"), primary_key=True),
    sa.Column("kind", sa.String(60), primary_key=True),
    sa.Column("due", DAY, nullable=False),
    sa.Index("dates_due", "kind", "due"),
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("model", NAME, sa.ForeignKey("models.model"), primary_key=True),
    sa.Column("version", NAME, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("stage", sa.String(20), nullable=False),
    sa.Column("entered", MOMENT, nullable=False),
    sa.Column("proposal_hash", HASH, nullable=False),
    sa.Column("package_hash", HASH),
    sa.Column("package_sequence", sa.BigInteger, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("expires", DAY),
    sa.Column("override_finding", NAME),
    sa.Column("superseded_by", NAME),
    sa.Column("live_sequence", sa.BigInteger),
    sa.CheckConstraint(
        "stage IN ('proposed', 'developed', 'validated', 'approved', 'live', 'restricted', 'retired')",
        name="version_stage",
    ),
    sa.Index("versions_of_package", "package_hash"),
    sa.Index("versions_of_stage", "stage"),
)
sa.Index(
    "one_version_in_use",
    versions.c.model,
    unique=True,
    sqlite_where=versions.c.stage == "live",
    postgresql_where=versions.c.stage == "live",
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("model", NAME, primary_key=True),
    sa.Column("version", NAME, primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("name", sa.String(400), primary_key=True),
    sa.Column("sha256", HASH, nullable=False),
    _version_key(),
    sa.CheckConstraint("kind IN ('annex', 'document')", name="file_kind"),
)

roles = sa.Table(
    "roles",
    metadata,
    sa.Column("sequence", sa.BigInteger, sa.ForeignKey("events.sequence"), primary_key=True, autoincrement=False),
    sa.Column("model", NAME, nullable=False),
    sa.Column("version", NAME, nullable=False),
    sa.Column("person", NAME, sa.ForeignKey("persons.person"), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("since", MOMENT, nullable=False),
    sa.Column("until", MOMENT),
    _version_key(),
    sa.CheckConstraint("role IN ('developer', 'validator', 'owner', 'approver', 'user', 'vendor')", name="role_name"),
    sa.Index("roles_of_version", "model", "version", "person"),
    sa.Index("roles_of_person", "person", "role"),
)

sign_offs = sa.Table(
    "sign_offs",
    metadata,
    sa.Column("sequence", sa.BigInteger, sa.ForeignKey("events.sequence"), primary_key=True, autoincrement=False),
    sa.Column("model", NAME, nullable=False),
    sa.Column("version", NAME, nullable=False),
    sa.Column("gate", sa.String(20), nullable=False),
    sa.Column("person", NAME, sa.ForeignKey("persons.person"), nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("decision", sa.String(30), nullable=False),
    sa.Column("subject_hash", HASH, nullable=False),
    sa.Column("gate_text_sha256", HASH, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("expires", DAY),
    sa.Column("fingerprint", HASH, sa.ForeignKey("keys.fingerprint"), nullable=False),
    sa.Column("signature", sa.String(128), nullable=False, unique=True),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("void", sa.Text),
    _version_key(),
    sa.CheckConstraint("decision IN ('approve', 'approve_with_conditions', 'reject')", name="sign_off_decision"),
    sa.Index("sign_offs_of_version", "model", "version", "gate"),
)

provisions = sa.Table(
    "provisions",
    metadata,
    sa.Column("model", NAME, sa.ForeignKey("models.model"), primary_key=True),
    sa.Column("provision", NAME, primary_key=True),
    sa.Column("version", NAME),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("by", NAME, nullable=False),
    sa.Column("since", MOMENT, nullable=False),
    sa.Column("expires", DAY),
    sa.Column("ended", MOMENT),
    sa.CheckConstraint("kind IN ('restriction', 'exception', 'limitation', 'condition')", name="provision_kind"),
)

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("finding", NAME, primary_key=True),
    sa.Column("model", NAME, sa.ForeignKey("models.model"), nullable=False),
    sa.Column("version", NAME),
    sa.Column("severity", sa.String(20), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("statement", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("owner", NAME),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("raised", MOMENT, nullable=False),
    sa.Column("raised_by", NAME, nullable=False),
    sa.Column("due", DAY),
    sa.Column("closed", MOMENT),
    sa.CheckConstraint("status IN ('open', 'responded', 'retested', 'closed')", name="finding_status"),
    sa.CheckConstraint("severity IN ('critical', 'high', 'medium', 'low', 'observation')", name="finding_severity"),
    sa.Index("findings_of_model", "model", "version"),
    sa.Index("findings_due", "status", "due"),
)

finding_steps = sa.Table(
    "finding_steps",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("finding", NAME, sa.ForeignKey("findings.finding"), nullable=False),
    sa.Column("step", sa.String(20), nullable=False),
    sa.Column("person", NAME, nullable=False),
    sa.Column("at", MOMENT, nullable=False),
    sa.Column("text", sa.Text),
    sa.Column("outcome", sa.String(20)),
    sa.Index("steps_of_finding", "finding", "sequence"),
)

PROJECTIONS = (
    *(head, persons, keys, models, products, inputs, upstream, dates, versions, files),
    *(roles, sign_offs, provisions, findings, finding_steps),
)
"""All projections, those that others refer to first."""
DELETABLE = (products, inputs, upstream, dates, files)
"""Projections whose rows are written anew; rows of the others are never deleted."""
