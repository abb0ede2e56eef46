"""Where the inventory lies, by which policy, who acts, and the key that signs: options that its commands share."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from credit_risk._core.clock import system_clock, timestamp
from credit_risk._core.errors import CreditRiskError, Fault

if TYPE_CHECKING:
    from credit_risk.inventory import Inventory, Signer
    from credit_risk.inventory.gates import PolicyGatekeeper
    from credit_risk.inventory.keys.statements import Actor
    from credit_risk.inventory.policy.read import Policy

PLACE, POLICY = "CREDIT_RISK_INVENTORY", "CREDIT_RISK_POLICY"
CERTIFICATE_PASSPHRASE = "CREDIT_RISK_CERTIFICATE_PASSPHRASE"
PASSPHRASE, REGISTRAR_PASSPHRASE = "CREDIT_RISK_PASSPHRASE", "CREDIT_RISK_REGISTRAR_PASSPHRASE"


def add_place(parser: argparse.ArgumentParser, *, policy: bool = True) -> None:
    """`--inventory` and `--policy`."""
    parser.add_argument(
        "--inventory", default=os.environ.get(PLACE), help=f"file, or postgresql://...; by default ${PLACE}"
    )
    if policy:
        add_policy(parser)


def add_policy(parser: argparse.ArgumentParser) -> None:
    """`--policy`."""
    told = f"policy of the bank; by default ${POLICY}, else that shipped"
    parser.add_argument("--policy", default=os.environ.get(POLICY), help=told)


def by_default(options: argparse.Namespace, name: str) -> bool:
    """Whether `inventory` or `policy` is what the environment says, not what the command was given."""
    return bool(getattr(options, name) == os.environ.get({"inventory": PLACE, "policy": POLICY}[name]))


def add_actor(parser: argparse.ArgumentParser, *, key: bool = True) -> None:
    """`--by` and `--key`; without `key` the policy says whether the act is signed, and the key may be left out."""
    add_person(parser)
    told = f"private key of the person; its passphrase from ${PASSPHRASE}, else asked for"
    more = "" if key else "; left out only where the policy lets the act be done by name alone"
    parser.add_argument("--key", required=key, help=told + more)


def add_person(parser: argparse.ArgumentParser) -> None:
    """`--by`."""
    parser.add_argument("--by", required=True, help="person who acts, as registered")


def place_of(options: argparse.Namespace) -> str:
    """Where the inventory lies. Raises CreditRiskError where nobody says so."""
    if not options.inventory:
        remedy = f"name it with --inventory, or set {PLACE}"
        raise CreditRiskError(Fault("no inventory is named", "usage", remedy=remedy))
    return str(options.inventory)


def policy_of(options: argparse.Namespace) -> Policy:
    """The policy. Raises PolicyError."""
    from credit_risk.inventory.policy.read import default_policy, read_policy

    return read_policy(options.policy) if getattr(options, "policy", None) else default_policy()


def gates_of(options: argparse.Namespace) -> PolicyGatekeeper:
    """Gates by the policy."""
    from credit_risk.inventory.gates import PolicyGatekeeper

    return PolicyGatekeeper(policy_of(options))


def opened(options: argparse.Namespace) -> Inventory:
    """The inventory. Raises InventoryError."""
    from credit_risk.inventory import open_inventory

    return open_inventory(place_of(options), gates_of(options))


def signer_of(options: argparse.Namespace) -> Signer:
    """The person who acts with the opened key. Raises KeyFileError."""
    from credit_risk.inventory import Signer, read_key

    return Signer(options.by, read_key(Path(options.key), passphrase(PASSPHRASE, f"Passphrase of {options.key}: ")))


def actor_of(options: argparse.Namespace) -> Actor:
    """Who acts: with the key, where one is named, else by name. Raises KeyFileError."""
    return str(options.by) if options.key is None else signer_of(options)


def passphrase(variable: str, prompt: str) -> str:
    """From the environment, else from the terminal; never an argument, which others on the machine can read."""
    given = os.environ.get(variable)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        remedy = f"set {variable}, or run in a terminal"
        raise CreditRiskError(Fault("nobody can be asked for the passphrase", "passphrase_missing", remedy=remedy))
    return getpass.getpass(prompt)


def today() -> str:
    """The day of the clock in UTC."""
    return timestamp(system_clock())[:10]
