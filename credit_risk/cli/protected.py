"""`credit-risk protected`: protected attributes of applicants in a store of their own, with every access recorded."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.cli.inventory_place import actor_of, add_actor, add_place, opened

if TYPE_CHECKING:
    from credit_risk.inventory import ProtectedStore

STORE = "CREDIT_RISK_PROTECTED"


def add_protected_commands(group: Any) -> None:
    """The commands below `credit-risk protected`."""
    secret = group.add_parser("secret", help="make the secret of the pseudonyms, readable by its owner alone")
    secret.add_argument("file", help="file to write; nothing is overwritten")
    secret.set_defaults(command=make_secret)
    _command(group, "create", "lay out a new store, which belongs to the inventory for good", create, actor=True)
    _loading(group)
    _reading(group)
    erase = _command(group, "erase", "erase all that is held of an applicant", erase_applicant, actor=True)
    erase.add_argument("applicant", help="key of the applicant")
    erase.add_argument("--reason", required=True, help="why, without the key: it stands in the trail")
    retain = _command(group, "retain", "delete what is past its last day", retain_all, actor=True)
    retain.add_argument("--as-of", help="day, by default today")
    rekey = _command(group, "rekey", "give the store another secret", rekey_store, actor=True)
    rekey.add_argument("table", help="table with the keys of all applicants of the store")
    rekey.add_argument("--key-column", required=True, help="its column of keys")
    rekey.add_argument("--new-secret-file", required=True, help="file of the new secret")
    rekey.add_argument("--reason", required=True)
    log = _command(group, "log", "list every access and change", list_log)
    log.add_argument("--person", help="of this person alone")
    log.add_argument("--purpose", help="for this purpose alone")
    _command(group, "verify", "hold the store against the trail; 1 where it differs", verify_store)


def _loading(group: Any) -> None:
    load = _command(group, "load", "take protected columns out of a table into the store", load_columns, actor=True)
    load.add_argument("table", help="CSV(.gz) or Parquet table")
    named = load.add_mutually_exclusive_group(required=True)
    named.add_argument("--plan", help="plan whose data.protected names the columns, and data.key the key")
    named.add_argument("--columns", help="protected columns, separated by commas")
    load.add_argument("--key-column", help="column of the applicants; by default data.key of the plan")
    load.add_argument("--purpose", action="append", default=[], help="purpose of the policy; more than once too")
    load.add_argument("--basis", help="legal basis; by default that of the purposes in the policy")
    load.add_argument("--keep-until", help="last day; by default the longest that the policy allows")
    load.add_argument("--pseudonymous", action="store_true", help="the key holds pseudonyms already")
    load.add_argument("--leave-out-erased", action="store_true", help="leave out applicants who were erased before")
    load.add_argument("--out", required=True, help="table without them, pseudonyms in place of keys")
    pseudonyms = group.add_parser("pseudonymise", help="write a table with pseudonyms in place of applicants' keys")
    pseudonyms.add_argument("table", help="CSV(.gz) or Parquet table")
    pseudonyms.add_argument("--key-column", required=True, help="column of the applicants")
    pseudonyms.add_argument("--secret-file", help="file of the secret")
    pseudonyms.add_argument("--out", required=True, help="table to write")
    pseudonyms.set_defaults(command=pseudonymise)


def _reading(group: Any) -> None:
    for name, text, command in (
        ("read", "write attributes for a permitted purpose, once the access is recorded", read_attributes),
        ("attach", "write keys of a table with their attributes, once the access is recorded", attach_attributes),
    ):
        parser = _command(group, name, text, command, actor=True)
        if name == "attach":
            parser.add_argument("table", help="CSV(.gz) or Parquet table")
            parser.add_argument("--key-column", required=True, help="column of the applicants")
            parser.add_argument("--pseudonymous", action="store_true", help="the key holds pseudonyms")
        else:
            parser.add_argument("--applicant", help="of this applicant alone, by the key")
        parser.add_argument("--for", dest="purpose", required=True, help="purpose of the policy")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--attributes", help="separated by commas; by default all")
        parser.add_argument("--model", help="model for which it is")
        parser.add_argument("--out", required=True, help="table to write, readable by its owner alone")


def _command(group: Any, name: str, text: str, command: Any, *, actor: bool = False) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = group.add_parser(name, help=text)
    parser.add_argument(
        "--store", default=os.environ.get(STORE), help=f"file, or postgresql://...; by default ${STORE}"
    )
    parser.add_argument(
        "--secret-file", help="file of the secret; by default the file that CREDIT_RISK_PROTECTED_SECRET_FILE names"
    )
    add_place(parser)
    if actor:
        add_actor(parser, key=False)
    parser.set_defaults(command=command)
    return parser


@contextmanager
def opened_store(options: argparse.Namespace) -> Iterator[ProtectedStore]:
    """The store that the options name, with its inventory."""
    from credit_risk.inventory import open_protected, open_secret

    secret = open_secret(options.secret_file)
    with opened(options) as inventory, open_protected(place_of_store(options), secret, inventory) as store:
        yield store


def place_of_store(options: argparse.Namespace) -> str:
    """Where the store lies. Raises CreditRiskError where nobody says so."""
    if not options.store:
        remedy = f"name it with --store, or set {STORE}"
        raise CreditRiskError(Fault("no store of protected attributes is named", "usage", remedy=remedy))
    return str(options.store)


def make_secret(options: argparse.Namespace) -> int:
    """`credit-risk protected secret FILE`."""
    from credit_risk.inventory import new_secret

    new_secret(Path(options.file))
    print(f"{options.file}: keep it apart from the store, with a copy in escrow; it cannot be recovered")
    return 0


def create(options: argparse.Namespace) -> int:
    """`credit-risk protected create`."""
    from credit_risk.inventory import create_protected, open_secret

    secret = open_secret(options.secret_file)
    with opened(options) as inventory:
        create_protected(place_of_store(options), secret, inventory, by=actor_of(options)).close()
    print(options.store if "://" not in options.store else "created")
    return 0


def load_columns(options: argparse.Namespace) -> int:
    """`credit-risk protected load TABLE --plan PLAN --purpose P --by PERSON --out FILE`."""
    from credit_risk.inventory import load_table, open_secret

    columns, key = _named(options)
    terms = {
        "purposes": options.purpose,
        "basis": options.basis,
        "keep_until": options.keep_until,
        "by": actor_of(options),
    }
    with opened_store(options) as store:
        made = load_table(
            store, Path(options.table), Path(options.out), columns, key, open_secret(options.secret_file),
            pseudonymous=options.pseudonymous, leave_out_erased=options.leave_out_erased, **terms,
        )  # fmt: skip
    left = f"; {made.erased:,} erased applicants left out" if made.erased else ""
    print(f"{made.values:,} values of {made.event.applicants:,} applicants, until {made.keep_until}{left}")
    print(f"event {made.event.sequence}: {made.event.hash}")
    print(options.out)
    return 0


def pseudonymise(options: argparse.Namespace) -> int:
    """`credit-risk protected pseudonymise TABLE --key-column COLUMN --out FILE`."""
    from credit_risk.inventory import open_secret, pseudonymise_table

    secret = open_secret(options.secret_file)
    rows = pseudonymise_table(Path(options.table), Path(options.out), options.key_column, secret)
    print(f"{rows:,} rows: {options.out}")
    return 0


def read_attributes(options: argparse.Namespace) -> int:
    """`credit-risk protected read --for PURPOSE --reason TEXT --by PERSON --out FILE`."""
    from credit_risk.inventory.protected.table_files import check_output, write_frame

    check_output(Path(options.out))
    asked = {"purpose": options.purpose, "reason": options.reason, "by": actor_of(options), "model": options.model}
    with opened_store(options) as store:
        if options.applicant is None:
            found = store.read(_list(options.attributes), **asked)
        else:
            found = store.attach([options.applicant], _list(options.attributes), **asked)
    write_frame(found.frame, Path(options.out))
    return _tell(found, options.out)


def attach_attributes(options: argparse.Namespace) -> int:
    """`credit-risk protected attach TABLE --key-column COLUMN --for PURPOSE --reason TEXT --by PERSON --out FILE`."""
    from credit_risk.inventory.protected.columns import take
    from credit_risk.inventory.protected.table_files import check_output, write_frame
    from credit_risk.sampling.source import read_source

    check_output(Path(options.out))
    keys = take(read_source(options.table), options.key_column, (), pseudonymous=options.pseudonymous).keys
    asked = {"purpose": options.purpose, "reason": options.reason, "by": actor_of(options), "model": options.model}
    with opened_store(options) as store:
        found = store.attach(keys, _list(options.attributes), pseudonymous=options.pseudonymous, **asked)
    write_frame(found.frame.rename(columns={"pseudonym": options.key_column}), Path(options.out))
    return _tell(found, options.out)


def erase_applicant(options: argparse.Namespace) -> int:
    """`credit-risk protected erase APPLICANT --reason TEXT --by PERSON`."""
    with opened_store(options) as store:
        done = store.erase(options.applicant, by=actor_of(options), reason=options.reason)
    print(f"erased; event {done.sequence}: {done.hash}")
    return 0


def retain_all(options: argparse.Namespace) -> int:
    """`credit-risk protected retain --by PERSON`."""
    with opened_store(options) as store:
        done = store.retain(by=actor_of(options), as_of=options.as_of)
    print(f"attributes of {done.applicants:,} applicants deleted; event {done.sequence}: {done.hash}")
    return 0


def rekey_store(options: argparse.Namespace) -> int:
    """`credit-risk protected rekey TABLE --key-column COLUMN --new-secret-file FILE --reason TEXT --by PERSON`."""
    from credit_risk.inventory import open_secret
    from credit_risk.inventory.protected.columns import take
    from credit_risk.sampling.source import read_source

    keys = take(read_source(options.table), options.key_column, ()).keys
    with opened_store(options) as store:
        done = store.rekey(keys, open_secret(options.new_secret_file), by=actor_of(options), reason=options.reason)
    print(f"{done.applicants:,} applicants; the store opens with {options.new_secret_file} from now on")
    return 0


def list_log(options: argparse.Namespace) -> int:
    """`credit-risk protected log`."""
    with opened_store(options) as store:
        lines = store.log()
    for one in lines:
        if options.person not in (None, one.person) or options.purpose not in (None, one.purpose):
            continue
        what = f"{one.act} by {one.person}" + (f" for {one.purpose}" if one.purpose else "")
        count = (
            "" if one.applicants is None else f": {one.applicants:,} applicants ({', '.join(one.attributes) or 'none'})"
        )
        print(f"{one.sequence}  {one.at}  {what}{count}" + (f"  ({one.reason})" if one.reason else ""))
    return 0


def verify_store(options: argparse.Namespace) -> int:
    """`credit-risk protected verify`; 1 where the store is not as the trail has it."""
    with opened_store(options) as store:
        faults = store.verify()
    for fault in faults:
        print(fault)
    print("the store is as the trail has it" if not faults else f"{len(faults):,} faults")
    return 1 if faults else 0


def _named(options: argparse.Namespace) -> tuple[list[str], str]:
    """Protected columns and the key."""
    columns, key = _list(options.columns), options.key_column
    if options.plan is not None:
        from credit_risk.plan import read_plan

        plan = read_plan(Path(options.plan))
        columns, key = list(plan.data.protected_columns), key or plan.data.key
    if not columns or not key:
        message = "no protected column, or no column of the applicants is named"
        remedy = "--columns A,B --key-column ID, or a plan with data.protected and data.key"
        raise CreditRiskError(Fault(message, "usage", remedy=remedy))
    return columns, key


def _list(text: str | None) -> list[str] | None:
    return None if text is None else [one.strip() for one in text.split(",") if one.strip()]


def _tell(found: Any, out: str) -> int:
    print(f"attributes of {found.event.applicants:,} applicants: {out}")
    if found.absent:
        print(f"nothing is held for this purpose of {len(found.absent):,} rows")
    print(f"event {found.event.sequence}: {found.event.hash}")
    return 0
