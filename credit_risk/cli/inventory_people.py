"""`credit-risk inventory key|register|rotate|revoke|people`: persons and their keys."""

from __future__ import annotations

import argparse
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.cli.inventory_place import (
    PASSPHRASE,
    REGISTRAR_PASSPHRASE,
    add_actor,
    add_place,
    opened,
    passphrase,
    signer_of,
    today,
)

if TYPE_CHECKING:
    from credit_risk.inventory.service.people import Person


def add_people_commands(group: Any) -> None:
    """The commands."""
    key = group.add_parser("key", help="make a private key (Ed25519) under a passphrase")
    key.add_argument("file", help="file to write; nothing is overwritten")
    key.add_argument("--public", help="file for the public half (PEM): of a recovery key, to be named")
    key.set_defaults(command=make_key)
    register = group.add_parser("register", help="register a person with a key; the first one is a registrar")
    register.add_argument("person", help="identifier of the person")
    register.add_argument("--name", required=True)
    register.add_argument("--key", required=True, help=f"private key of the person; passphrase from ${PASSPHRASE}")
    register.add_argument("--identity", help="number of staff or e-mail: of one person only")
    register.add_argument("--registrar", action="store_true", help="the person may register others")
    register.add_argument("--by", help="registrar; left out for the first person")
    register.add_argument("--by-key", help=f"private key of the registrar; passphrase from ${REGISTRAR_PASSPHRASE}")
    register.add_argument("--expires", help="last day of the key; else in two years")
    register.set_defaults(command=register_person)
    rotate = group.add_parser("rotate", help="give a person a new key in the place of the active one")
    rotate.add_argument("person")
    rotate.add_argument("--new-key", required=True, help=f"new private key; passphrase from ${REGISTRAR_PASSPHRASE}")
    rotate.add_argument("--expires", help="last day of the key; else in two years")
    add_actor(rotate)
    rotate.set_defaults(command=rotate_key)
    revoke = group.add_parser("revoke", help="revoke a key")
    revoke.add_argument("fingerprint", help="fingerprint, as people tells it")
    revoke.add_argument("--reason", required=True)
    revoke.add_argument("--distrusted-since", help="moment from which on its signatures are not trusted (UTC)")
    add_actor(revoke)
    revoke.set_defaults(command=revoke_key)
    recovery = group.add_parser("recovery", help="name the public half of a recovery key, which lies in a safe")
    recovery.add_argument("public_key", help="public key (PEM), as credit-risk inventory key --public writes it")
    add_actor(recovery)
    recovery.set_defaults(command=name_recovery)
    recover = group.add_parser("recover", help="give a registrar a new key by the recovery key, when none has a key")
    recover.add_argument("person", help="registrar who gets the new key")
    recover.add_argument("--new-key", required=True, help=f"new private key; passphrase from ${PASSPHRASE}")
    recover.add_argument("--recovery-key", required=True,
                         help=f"private key from the safe; passphrase from ${REGISTRAR_PASSPHRASE}")  # fmt: skip
    recover.add_argument("--reason", required=True, help="why no registrar has a key")
    recover.add_argument("--expires", help="last day of the key; else in two years")
    recover.set_defaults(command=recover_key)
    listing = group.add_parser("people", help="persons and their keys; or their public keys into a folder")
    listing.add_argument("--public-keys", help="folder to write public keys (PEM) to, to be kept elsewhere")
    listing.set_defaults(command=list_people)
    listing.add_argument("--fail-on-expiring", type=int, metavar="DAYS",
                         help="end with 1 where a key ends within so many days, or has ended")  # fmt: skip
    for parser in (register, rotate, revoke, recovery, recover, listing):
        add_place(parser)


def make_key(options: argparse.Namespace) -> int:
    """`credit-risk inventory key FILE`."""
    from credit_risk.inventory import new_key, write_key

    key = new_key()
    write_key(key, Path(options.file), passphrase(PASSPHRASE, "Passphrase of the new key: "))
    if options.public is not None:
        try:
            Path(options.public).write_bytes(key.public.pem())
        except OSError as error:
            message = f"cannot be written ({error.strerror})"
            raise CreditRiskError(Fault(message, "unwritable", str(options.public))) from error
    print(f"{options.file}: fingerprint {key.public.fingerprint}")
    return 0


def register_person(options: argparse.Namespace) -> int:
    """`credit-risk inventory register PERSON --name NAME --key FILE`."""
    from credit_risk.inventory import Signer, read_key

    if (options.by is None) != (options.by_key is None):
        raise CreditRiskError(Fault("--by and --by-key belong together", "usage"))
    key = read_key(Path(options.key), passphrase(PASSPHRASE, f"Passphrase of {options.key}: "))
    by = None
    if options.by is not None:
        secret = passphrase(REGISTRAR_PASSPHRASE, f"Passphrase of {options.by_key}: ")
        by = Signer(options.by, read_key(Path(options.by_key), secret))
    with opened(options) as inventory:
        made = inventory.people.register(
            options.person, options.name, key, by=by, identity=options.identity, registrar=options.registrar,
            expires=options.expires,
        )  # fmt: skip
    print(f"{made.person}: key {made.fingerprint} until {made.expires}")
    return 0


def rotate_key(options: argparse.Namespace) -> int:
    """`credit-risk inventory rotate PERSON --new-key FILE --by PERSON --key FILE`."""
    from credit_risk.inventory import read_key

    new = read_key(Path(options.new_key), passphrase(REGISTRAR_PASSPHRASE, f"Passphrase of {options.new_key}: "))
    with opened(options) as inventory:
        made = inventory.people.rotate(options.person, new, by=signer_of(options), expires=options.expires)
    print(f"{made.person}: key {made.fingerprint} until {made.expires}")
    return 0


def revoke_key(options: argparse.Namespace) -> int:
    """`credit-risk inventory revoke FINGERPRINT --reason TEXT --by PERSON --key FILE`."""
    with opened(options) as inventory:
        inventory.people.revoke(
            options.fingerprint, options.reason, by=signer_of(options), distrusted_since=options.distrusted_since
        )
    print(f"{options.fingerprint} is revoked")
    return 0


def name_recovery(options: argparse.Namespace) -> int:
    """`credit-risk inventory recovery PUBLIC.pem --by PERSON --key FILE`."""
    from credit_risk.inventory import read_public_key

    key = read_public_key(Path(options.public_key))
    with opened(options) as inventory:
        inventory.people.name_recovery(key, by=signer_of(options))
    print(f"recovery key {key.fingerprint}")
    return 0


def recover_key(options: argparse.Namespace) -> int:
    """`credit-risk inventory recover PERSON --new-key FILE --recovery-key FILE --reason TEXT`."""
    from credit_risk.inventory import read_key

    new = read_key(Path(options.new_key), passphrase(PASSPHRASE, f"Passphrase of {options.new_key}: "))
    secret = passphrase(REGISTRAR_PASSPHRASE, f"Passphrase of {options.recovery_key}: ")
    recovery = read_key(Path(options.recovery_key), secret)
    with opened(options) as inventory:
        made = inventory.people.recover(options.person, new, options.reason, recovery=recovery, expires=options.expires)
    print(f"{made.person}: key {made.fingerprint} until {made.expires}")
    return 0


def list_people(options: argparse.Namespace) -> int:
    """`credit-risk inventory people`; with --fail-on-expiring 1 where a key ends soon, or has ended."""
    with opened(options) as inventory:
        held, keys = inventory.people.all(), inventory.people.public_keys()
    for one in held:
        role = "  registrar" if one.registrar else ""
        print(f"{one.person}  {one.name or 'name erased'}{role}  {_key_words(one)}")
    if options.public_keys is not None:
        folder = Path(options.public_keys)
        try:
            os.makedirs(folder, exist_ok=True)
            for person, several in keys.items():
                for key in several:
                    (folder / f"{person}.{key.fingerprint[:16]}.pem").write_bytes(key.pem())
        except OSError as error:
            raise CreditRiskError(Fault(f"cannot be written ({error.strerror})", "unwritable", str(folder))) from error
    within = options.fail_on_expiring
    return 1 if within is not None and any(_days_left(one) <= within for one in held if one.expires) else 0


SOON = 60
"""Days before its end from which on a key is told to end soon."""


def _days_left(one: Person) -> int:
    return (date.fromisoformat(str(one.expires)[:10]) - date.fromisoformat(today())).days


def _key_words(one: Person) -> str:
    if one.expires is None:
        return "no key in force: a registrar gives a new one (rotate)"
    told, left = f"key {one.fingerprint} until {one.expires}", _days_left(one)
    if left < 0:
        return f"{told}: EXPIRED, a registrar gives a new one (rotate)"
    return f"{told}: ends in {left} days, rotate it" if left <= SOON else told
