"""Tables: events, erasable data, and the projections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Lay out the tables, those that others refer to first."""
    _erasable()
    _events()
    _head()
    _persons()
    _keys()
    _models()
    _dates()
    _findings()
    _inputs()
    _products()
    _provisions()
    _upstream()
    _versions()
    _files()
    _finding_steps()
    _roles()
    _sign_offs()


def downgrade() -> None:
    """Refuse: a trail is not taken down."""
    raise NotImplementedError("an audit trail is not taken down; keep a copy of the database instead")


def _erasable() -> None:
    op.create_table(
        "erasable",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("keep_until", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("erasable_value", "erasable", ["category", "value"], unique=False)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=True),
        sa.Column("version", sa.String(length=200), nullable=True),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("events_of_kind", "events", ["kind", "sequence"], unique=False)
    op.create_index("events_of_model", "events", ["model", "sequence"], unique=False)


def _head() -> None:
    op.create_table(
        "head",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=20), nullable=False),
        sa.CheckConstraint("one = 1", name="head_is_one_row"),
        sa.PrimaryKeyConstraint("one"),
    )


def _persons() -> None:
    op.create_table(
        "persons",
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("name_token", sa.String(length=64), nullable=True),
        sa.Column("identity_token", sa.String(length=64), nullable=True),
        sa.Column("registrar", sa.Boolean(), nullable=False),
        sa.Column("registered", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("person"),
        sa.UniqueConstraint("identity_token"),
    )


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("since", sa.String(length=20), nullable=False),
        sa.Column("expires", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("ended", sa.String(length=20), nullable=True),
        sa.Column("distrusted_since", sa.String(length=20), nullable=True),
        sa.CheckConstraint("state IN ('active', 'rotated', 'revoked')", name="key_state"),
        sa.ForeignKeyConstraint(
            ["person"],
            ["persons.person"],
        ),
        sa.PrimaryKeyConstraint("fingerprint"),
        sa.UniqueConstraint("public_key"),
    )
    op.create_index(
        "one_active_key_per_person",
        "keys",
        ["person"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("intended_use", sa.Text(), nullable=True),
        sa.Column("actual_use", sa.Text(), nullable=True),
        sa.Column("boundaries", sa.Text(), nullable=True),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("objectives", sa.Text(), nullable=False),
        sa.Column("tier_inputs", sa.Text(), nullable=False),
        sa.Column("tier", sa.String(length=20), nullable=True),
        sa.Column("tier_facts", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=True),
        sa.Column("live_version", sa.String(length=200), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner"],
            ["persons.person"],
        ),
        sa.PrimaryKeyConstraint("model"),
    )
    op.create_index("models_of_owner", "models", ["owner"], unique=False)
    op.create_index("models_of_stage", "models", ["stage"], unique=False)
    op.create_index("models_of_tier", "models", ["tier"], unique=False)


def _dates() -> None:
    op.create_table(
        "dates",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("due", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["model"],
            ["models.model"],
        ),
        sa.PrimaryKeyConstraint("model", "kind"),
    )
    op.create_index("dates_due", "dates", ["kind", "due"], unique=False)


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("finding", sa.String(length=200), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=True),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("raised", sa.String(length=20), nullable=False),
        sa.Column("raised_by", sa.String(length=200), nullable=False),
        sa.Column("due", sa.String(length=10), nullable=True),
        sa.Column("closed", sa.String(length=20), nullable=True),
        sa.CheckConstraint("severity IN ('critical', 'high', 'medium', 'low', 'observation')", name="finding_severity"),
        sa.CheckConstraint("status IN ('open', 'responded', 'retested', 'closed')", name="finding_status"),
        sa.ForeignKeyConstraint(
            ["model"],
            ["models.model"],
        ),
        sa.PrimaryKeyConstraint("finding"),
    )
    op.create_index("findings_due", "findings", ["status", "due"], unique=False)
    op.create_index("findings_of_model", "findings", ["model", "version"], unique=False)


def _inputs() -> None:
    op.create_table(
        "inputs",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("input", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["model"],
            ["models.model"],
        ),
        sa.PrimaryKeyConstraint("model", "input"),
    )
    op.create_index("models_of_input", "inputs", ["input"], unique=False)


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("product", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["model"],
            ["models.model"],
        ),
        sa.PrimaryKeyConstraint("model", "product"),
    )
    op.create_index("models_of_product", "products", ["product"], unique=False)


def _provisions() -> None:
    op.create_table(
        "provisions",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("provision", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("since", sa.String(length=20), nullable=False),
        sa.Column("expires", sa.String(length=10), nullable=True),
        sa.Column("ended", sa.String(length=20), nullable=True),
        sa.CheckConstraint("kind IN ('restriction', 'exception', 'limitation', 'condition')", name="provision_kind"),
        sa.ForeignKeyConstraint(
            ["model"],
            ["models.model"],
        ),
        sa.PrimaryKeyConstraint("model", "provision"),
    )


def _upstream() -> None:
    op.create_table(
        "upstream",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("upstream", sa.String(length=200), nullable=False),
        sa.CheckConstraint("model <> upstream", name="no_model_feeds_itself"),
        sa.ForeignKeyConstraint(
            ["model"],
            ["models.model"],
        ),
        sa.ForeignKeyConstraint(
            ["upstream"],
            ["models.model"],
        ),
        sa.PrimaryKeyConstraint("model", "upstream"),
    )
    op.create_index("models_downstream", "upstream", ["upstream"], unique=False)


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("entered", sa.String(length=20), nullable=False),
        sa.Column("proposal_hash", sa.String(length=64), nullable=False),
        sa.Column("package_hash", sa.String(length=64), nullable=True),
        sa.Column("package_sequence", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("expires", sa.String(length=10), nullable=True),
        sa.Column("override_finding", sa.String(length=200), nullable=True),
        sa.Column("superseded_by", sa.String(length=200), nullable=True),
        sa.Column("live_sequence", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "stage IN ('proposed', 'developed', 'validated', 'approved', 'live', 'restricted', 'retired')",
            name="version_stage",
        ),
        sa.ForeignKeyConstraint(
            ["model"],
            ["models.model"],
        ),
        sa.PrimaryKeyConstraint("model", "version"),
    )
    op.create_index(
        "one_version_in_use",
        "versions",
        ["model"],
        unique=True,
        sqlite_where=sa.text("stage = 'live'"),
        postgresql_where=sa.text("stage = 'live'"),
    )
    op.create_index("versions_of_package", "versions", ["package_hash"], unique=False)
    op.create_index("versions_of_stage", "versions", ["stage"], unique=False)


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind IN ('annex', 'document')", name="file_kind"),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.version"],
        ),
        sa.PrimaryKeyConstraint("model", "version", "kind", "name"),
    )


def _finding_steps() -> None:
    op.create_table(
        "finding_steps",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("finding", sa.String(length=200), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["finding"],
            ["findings.finding"],
        ),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("steps_of_finding", "finding_steps", ["finding", "sequence"], unique=False)


def _roles() -> None:
    op.create_table(
        "roles",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("since", sa.String(length=20), nullable=False),
        sa.Column("until", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "role IN ('developer', 'validator', 'owner', 'approver', 'user', 'vendor')", name="role_name"
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.version"],
        ),
        sa.ForeignKeyConstraint(
            ["person"],
            ["persons.person"],
        ),
        sa.ForeignKeyConstraint(
            ["sequence"],
            ["events.sequence"],
        ),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("roles_of_person", "roles", ["person", "role"], unique=False)
    op.create_index("roles_of_version", "roles", ["model", "version", "person"], unique=False)


def _sign_offs() -> None:
    op.create_table(
        "sign_offs",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("gate", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("decision", sa.String(length=30), nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("gate_text_sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=20), nullable=False),
        sa.Column("expires", sa.String(length=10), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("void", sa.Text(), nullable=True),
        sa.CheckConstraint("decision IN ('approve', 'approve_with_conditions', 'reject')", name="sign_off_decision"),
        sa.ForeignKeyConstraint(
            ["fingerprint"],
            ["keys.fingerprint"],
        ),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.version"],
        ),
        sa.ForeignKeyConstraint(
            ["person"],
            ["persons.person"],
        ),
        sa.ForeignKeyConstraint(
            ["sequence"],
            ["events.sequence"],
        ),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("signature"),
    )
    op.create_index("sign_offs_of_version", "sign_offs", ["model", "version", "gate"], unique=False)
