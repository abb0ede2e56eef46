"""`credit-risk explain`: past decisions of one applicant, made again by the package of that day, with their notice."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import CreditRiskError
from credit_risk.cli.usage import goes_with, refuse

if TYPE_CHECKING:
    from credit_risk.monitoring.shelf import Shelf
    from credit_risk.monitoring.time_travel import Decision

HOW = {"generated sql": "to 1e-12 (generated SQL promises no bits)"}


def add_explain_command(group: Any) -> None:
    """`credit-risk explain --key K --log LOG --package PACKAGE`."""
    parser = group.add_parser("explain", help="make past decisions of an applicant again, bit for bit, with the notice")
    parser.add_argument("--key", required=True, help="the applicant's key, as it stood in the scored table")
    parser.add_argument("--log", required=True, help="folder of the prediction log")
    parser.add_argument("--package", required=True, help="model package, or a folder of packages")
    parser.add_argument("--secret-file", action="append", help="file with the secret; again for each that was in use")
    parser.add_argument("--language", help="language of the notice; by default the first of the plan")
    parser.add_argument("--out", help="folder for the letters of declined applicants: PDF, text, and their data")
    parser.add_argument("--house", help="house style of the letters: a YAML file")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    parser.set_defaults(command=explain)


def explain(options: argparse.Namespace) -> int:
    """0 where every decision came again to the last bit, from parts of the log that hold, and has the letter asked for.

    1 where one did not, or where a notice could not be made a letter.
    """
    from credit_risk.lifecycle.letters import check_folder
    from credit_risk.monitoring.shelf import open_shelf
    from credit_risk.monitoring.time_travel import past_decisions
    from credit_risk.serving.log import read_secret

    if options.out:
        check_folder(Path(options.out))
    else:
        refuse(goes_with(options, "--out", "house"))
    paths = [Path(one) for one in options.secret_file] if options.secret_file else [None]
    secrets = [read_secret(path) for path in paths]
    shelf = open_shelf(Path(options.package))
    past = past_decisions(Path(options.log), options.key, secrets, shelf)
    told = [(one, notice_of(one, options.key, options.language)) for one in past.decisions]
    letters = [letter_of(one, notice, shelf, options) for one, notice in told]
    if options.json:
        document = {
            "decisions": [
                {**one.as_dict(), "notice": notice, **({} if letter is None else {"letter": letter})}
                for (one, notice), letter in zip(told, letters, strict=True)
            ],
            "notes": list(past.notes),
            "checked": list(past.checked),
        }
        sys.stdout.write(canonical_json.to_bytes(document).decode("utf-8"))
    else:
        for number, ((one, notice), letter) in enumerate(zip(told, letters, strict=True), 1):
            print(f"decision {number} of {len(told)}")
            print("\n".join(f"  {line}" for line in [*lines_of(one, notice), *_letter_lines(letter)]))
        for note in (*past.notes, *past.checked):
            print(note)
    lacking = any(
        "none" not in notice and letter is not None and "none" in letter
        for (_, notice), letter in zip(told, letters, strict=True)
    )
    return 0 if past.hold and not lacking else 1


def letter_of(
    decision: Decision, notice: dict[str, Any], shelf: Shelf, options: argparse.Namespace
) -> dict[str, Any] | None:
    """Files of the letter by kind, or under `none` why there is none; None where no letter is asked for."""
    from credit_risk.lifecycle.letters import KINDS, write_letter

    if not options.out:
        return None
    if "none" in notice:
        return {"none": notice["none"]}
    house = Path(options.house) if options.house else None
    letter = write_letter(decision, notice, shelf.places[decision.package_hash], Path(options.out), house=house)
    if letter.why_not is not None:
        return {"none": letter.why_not}
    return {kind: str(file) for kind, file in zip(KINDS, letter.files, strict=True)}


def _letter_lines(letter: dict[str, Any] | None) -> list[str]:
    if letter is None:
        return []
    return [f"no letter: {letter['none']}"] if "none" in letter else [f"letter: {letter['pdf']}, {letter['txt']}"]


def notice_of(decision: Decision, key: str, language: str | None) -> dict[str, Any]:
    """Data of the adverse-action notice of that day, or under `none` why there is none."""
    from credit_risk.lifecycle.adverse_action import adverse_action

    if decision.package is None or decision.frame is None:
        return {"none": "the decision could not be made again"}
    moment = datetime.fromisoformat(decision.at)
    try:
        notice = adverse_action(
            decision.package, decision.frame, applicant=key, language=language, clock=lambda: moment
        )
    except CreditRiskError as error:
        return {"none": "; ".join(fault.message for fault in error.faults)}
    return notice.as_dict()


def lines_of(decision: Decision, notice: dict[str, Any]) -> list[str]:
    """A decision in lines of text."""
    lines = [
        f"{decision.at}, row {decision.row:,} of batch {decision.batch}, engine {decision.engine}, {decision.method}",
        f"{decision.model} {decision.version}, package {decision.package_hash}",
    ]
    if decision.again is None:
        lines.append(f"NOT MADE AGAIN: {decision.why_not}")
    elif decision.reproduced:
        lines.append(f"made again: equal {HOW.get(decision.method, 'to the last bit')}")
    else:
        lines.append(f"DIFFERS: {', '.join(decision.differences) or 'nothing'}")
    if not decision.row_holds:
        lines.append("THE ROW IS NOT THE ONE THAT WAS WRITTEN (its check differs): credit-risk log verify tells more")
    if decision.inputs_hold is False:
        lines.append("THE LOGGED INPUTS ARE NOT THOSE THAT WERE SCORED (their hash differs)")
    lines += [f"THE LOG IS NOT THE ONE THAT WAS WRITTEN: {fault}" for fault in decision.part_faults]
    for name, value in (decision.inputs or {}).items():
        lines.append(f"input {name}: {'missing' if value is None else value}")
    for one in decision.characteristics:
        points = "" if one.points is None else f", {one.points:g} points"
        lines.append(f"{one.name}: bin {one.bin} {one.label}, WoE {one.woe!r}{points}")
    for name, value in decision.logged.items():
        other = (decision.again or {}).get(name)
        again = f"; again {other!r}" if name in decision.differences else ""
        lines.append(f"{name}: {'missing' if value is None else value}{again}")
    lines += [f"reason {code}: {text}" for code, text in decision.reasons]
    if "none" in notice:
        return [*lines, f"no notice: {notice['none']}"]
    lines.append(f"notice of {notice['date']} ({notice['language']}), declined by {', '.join(notice['declined_by'])}:")
    return [*lines, *(f"  {factor['rank']}. {factor['text']}" for factor in notice["key_factors"])]
