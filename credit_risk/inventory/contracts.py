"""What the parts of the inventory tell each other: stages, roles, facts of a model and of a version, result of a gate.

Facts are read from the store and are never computed here. Dates are ISO texts (`2026-11-27`), moments ISO 8601 in UTC
with a Z. A gate is named by the stage that it leads to. The store calls a `Gatekeeper`, which it is given; what a
gate requires is decided by the bank's policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

Json = Any

PROPOSED, DEVELOPED, VALIDATED, APPROVED = "proposed", "developed", "validated", "approved"
LIVE, RESTRICTED, RETIRED = "live", "restricted", "retired"
STAGES = (PROPOSED, DEVELOPED, VALIDATED, APPROVED, LIVE, RESTRICTED, RETIRED)
GATES = STAGES
"""A gate has the name of the stage behind it: `proposed` signs objectives and KPIs, `approved` the decision to use."""

TRANSITIONS: dict[str, tuple[str, ...]] = {
    PROPOSED: (DEVELOPED, RETIRED),
    DEVELOPED: (VALIDATED, RETIRED),
    VALIDATED: (APPROVED, RETIRED),
    APPROVED: (LIVE, RETIRED),
    LIVE: (RESTRICTED, RETIRED),
    RESTRICTED: (LIVE, RETIRED),
    RETIRED: (),
}
"""Stages that a version may go to. A rollback brings a superseded version back; no other way leads out of retired."""

DEVELOPER, VALIDATOR, OWNER = "developer", "validator", "owner"
APPROVER, USER, VENDOR = "approver", "user", "vendor"
ROLES = (DEVELOPER, VALIDATOR, OWNER, APPROVER, USER, VENDOR)
INDEPENDENT_ROLES = (VALIDATOR, APPROVER)
"""Roles that nobody has who developed any part of the version."""
INDEPENDENT_GATES = (VALIDATED, APPROVED)
"""Gates that nobody signs who developed any part of the version, whatever the role."""

APPROVE, APPROVE_WITH_CONDITIONS, REJECT = "approve", "approve_with_conditions", "reject"
DECISIONS = (APPROVE, APPROVE_WITH_CONDITIONS, REJECT)

RESTRICTION, EXCEPTION, LIMITATION, CONDITION = "restriction", "exception", "limitation", "condition"
PROVISIONS = (RESTRICTION, EXCEPTION, LIMITATION, CONDITION)

DESCRIPTIVE_ACTS = (
    *("propose", "describe", "tier", "date", "finding", "respond"),
    *("experiment", "decide", "privacy"),
)
"""Acts that decide nothing: the policy says which of them need a key. All others that a person does need it always."""

OPEN, RESPONDED, RETESTED, CLOSED = "open", "responded", "retested", "closed"
FINDING_STATES = (OPEN, RESPONDED, RETESTED, CLOSED)
"""A finding is answered, tested again and closed; a retest that fails opens it again."""


@dataclass(frozen=True, slots=True)
class InputFacts:
    """An input of a model: its name, where it comes from, and what it is (`data`, `judgement`, `vendor`, ...)."""

    name: str
    source: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """A person's role on a version. `until` is the moment when it ended; who developed stays one who developed."""

    person: str
    role: str
    since: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Provision:
    """A restriction, an exception, a limitation or a condition of approval, with its end where it has one.

    `version` None: of the model, all versions. `ended` is the moment when it was lifted.
    """

    id: str
    kind: str
    text: str
    by: str
    since: str
    version: str | None = None
    expires: str | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class TierFacts:
    """Tier in force, with the inputs and the rule that gave it; `computed` differs from `tier` where overridden."""

    tier: str
    computed: str
    rule_version: str
    inputs: Mapping[str, Json]
    override_reason: str | None = None
    override_by: str | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model as the inventory knows it.

    `upstream` are models whose results are inputs, `dates` maps kind (`review`, `monitoring`, ...) to the next date,
    `tier_inputs` are what the tiering rule asks for, `objectives` what was promised at the proposal (and, where
    signed, is judged at review). `stage` is that of the live or restricted version, else of the latest.
    """

    id: str
    name: str
    purpose: str | None = None
    intended_use: str | None = None
    actual_use: str | None = None
    boundaries: str | None = None
    vendor: str | None = None
    owner: str | None = None
    products: tuple[str, ...] = ()
    inputs: tuple[InputFacts, ...] = ()
    upstream: tuple[str, ...] = ()
    dates: Mapping[str, str] = field(default_factory=dict)
    tier: TierFacts | None = None
    tier_inputs: Mapping[str, Json] = field(default_factory=dict)
    objectives: tuple[Mapping[str, Json], ...] = ()
    provisions: tuple[Provision, ...] = ()
    stage: str | None = None
    live_version: str | None = None


@dataclass(frozen=True, slots=True)
class SignOffFacts:
    """A signed decision at a gate. `sequence` is that of its event; `void` says why it no longer counts, else None.

    `subject_hash` is the SHA-256 of the package's manifest, or of the proposal where there is no package yet;
    `annexes` maps kinds of annex to the hashes of their manifests, as signed.
    """

    sequence: int
    gate: str
    person: str
    role: str
    decision: str
    subject_hash: str
    annexes: Mapping[str, str]
    gate_text_sha256: str
    at: str
    expires: str | None = None
    conditions: tuple[str, ...] = ()
    void: str | None = None


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """A finding: `severity` of DESIGN section 6, `status` of FINDING_STATES, `source` (validation, override, ...)."""

    id: str
    model: str
    version: str | None
    severity: str
    title: str
    status: str
    raised: str
    due: str | None = None
    owner: str | None = None
    source: str | None = None
    statement: str | None = None
    closed: str | None = None


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A version of a model. `package_hash` is None until a package is registered.

    `annexes` maps kinds of annex that the package holds to the hashes of their manifests; `documents` maps names of
    files in the annex `documents` to their hashes; `override` is the finding under which a gate was passed over;
    `superseded_by` the version that went live in its place; `entered` the moment when it came to its stage;
    `evidence` holds what the package itself says that a gate may ask for (the validator's recommendation, the
    redeployment comparison, ...), with the hash of the file that says it.
    """

    model: str
    version: str
    stage: str
    subject_hash: str
    package_hash: str | None = None
    annexes: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Json] = field(default_factory=dict)
    roles: tuple[RoleFacts, ...] = ()
    sign_offs: tuple[SignOffFacts, ...] = ()
    provisions: tuple[Provision, ...] = ()
    expires: str | None = None
    override: str | None = None
    superseded_by: str | None = None
    entered: str | None = None

    def developers(self) -> frozenset[str]:
        """Everybody who ever developed a part of this version."""
        return frozenset(role.person for role in self.roles if role.role == DEVELOPER)

    def in_force(self, gate: str) -> tuple[SignOffFacts, ...]:
        """Sign-offs of a gate that are not void. Whether they have expired is for the gate to judge."""
        return tuple(one for one in self.sign_offs if one.gate == gate and one.void is None)


@dataclass(frozen=True, slots=True)
class DevelopmentCount:
    """What the log of development counts of a version: experiments, and them by outcome (`completed`, `failed`,
    `interrupted`, `not_ended`), those of other versions of the model, and decisions.

    `package_experiment` made the package that is registered, None where none that was logged did; `preceding` began
    before it (all of them where it is None).
    """

    experiments: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    package_experiment: str | None = None
    preceding: int = 0
    other_versions: int = 0
    decisions: int = 0

    def words(self) -> str:
        """One sentence for who signs."""
        if not self.experiments:
            return f"no experiment of this version is logged; {self.other_versions:,} of other versions"
        ends = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in self.outcomes.items() if count)
        if self.package_experiment is None:
            made = "none of them made the package that is registered"
        else:
            made = f"{self.preceding:,} preceded {self.package_experiment}, which made the package"
        more = f"{self.decisions:,} decisions; {self.other_versions:,} experiments of other versions"
        return f"{self.experiments:,} experiments of this version are logged ({ends}): {made}; {more}"


@dataclass(frozen=True, slots=True)
class GateState:
    """All that a gate may look at. `gate` is the stage that is sought, `as_of` the date, `previous` the live version.

    `findings` are those of the model that bear on this version: its own, and those of no version; `development` counts
    what its log of development holds (None: not read).
    """

    model: ModelFacts
    version: VersionFacts
    gate: str
    as_of: str
    findings: tuple[FindingFacts, ...] = ()
    previous: VersionFacts | None = None
    development: DevelopmentCount | None = None


WRONG_STAGE = "wrong_stage"
"""Code of what is missing where no way leads from the stage to the gate."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that a gate requires and does not find: stable `code`, what it is, and what to do."""

    code: str
    what: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class GateResult:
    """Whether a version may pass a gate, what is missing, and what holds afterwards.

    `met` are the requirements that are met, in words; `conditions` go with the passage; `expires` is the date when
    the passage ends (None: no end); `dates` are the next dates that the tier sets on passing (`review`, ...); `notes`
    tell who signs what no requirement asks for.
    """

    gate: str
    missing: tuple[Missing, ...] = ()
    met: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    expires: str | None = None
    dates: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Nothing is missing."""
        return not self.missing

    def on_the_way(self) -> GateResult:
        """The same where the gates before it are passed over in one act: that the stage is not there yet is no lack."""
        return replace(self, missing=tuple(one for one in self.missing if one.code != WRONG_STAGE))


@dataclass(frozen=True, slots=True)
class Emergency:
    """Whether gates may be passed over (nothing in `missing`), and the finding that is raised in the same act."""

    missing: tuple[Missing, ...]
    severity: str
    title: str
    statement: str
    due: str

    @property
    def allowed(self) -> bool:
        """Nothing is missing."""
        return not self.missing


class Gatekeeper(Protocol):
    """What the store asks of the policy. All are pure: the same facts give the same answer."""

    def text(self, state: GateState) -> str:
        """What a person signs at this gate: its requirements in words. It depends on policy, gate and tier alone, so
        that it is the same for everybody who signs, and changes only where the policy or the tier does."""
        ...

    def evaluate(self, state: GateState) -> GateResult:
        """Whether the version may pass, and all that is missing."""
        ...

    def tier(self, model: ModelFacts) -> TierFacts | None:
        """Tier by the bank's rule; None where the inputs do not suffice (the gate then says so)."""
        ...

    def finding_due(self, severity: str, tier: str | None, raised: str) -> str | None:
        """Date by which a finding is to be closed; None where the policy sets none."""
        ...

    def needs_key(self, act: str) -> bool:
        """Whether an act that only describes (of DESCRIPTIVE_ACTS) must be signed, too."""
        ...

    def rollback(
        self,
        model: ModelFacts,
        target: VersionFacts,
        current: VersionFacts,
        findings: Iterable[FindingFacts],
        as_of: str,
    ) -> tuple[Missing, ...]:
        """What keeps use from going back from `current` to `target` in one act; `findings` are those of the model."""
        ...

    def emergency(self, states: Sequence[GateState], person: str, reason: str) -> Emergency:
        """What passing over the gates of `states` needs, and the finding that it leaves; the last gate is sought."""
        ...
