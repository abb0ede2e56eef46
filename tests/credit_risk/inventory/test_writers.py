"""Eight writers at once, killed at random: nothing is lost that was acknowledged, and the chain is whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from credit_risk.inventory import Inventory, open_inventory
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.store import engine
from tests.conftest import REPOSITORY
from tests.credit_risk.inventory.support import FACTS, Gates, signer

WRITERS = 8
LONGEST = 120.0

Opened = Callable[[str], AbstractContextManager[Inventory]]


@contextmanager
def starting(folder: Path) -> Iterator[Callable[[str, int], int]]:
    """Begins writers: (place, writer) -> number of its process."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.credit_risk.inventory.writers"],
            cwd=REPOSITORY, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    assert server.stdin is not None
    assert server.stdout is not None

    def start(place: str, writer: int) -> int:
        server.stdin.write(f"{place} {writer} {folder / 'told'}\n")
        server.stdin.flush()
        return int(server.stdout.readline())

    try:
        yield start
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()


def lines(folder: Path) -> int:
    return (folder / "told").read_bytes().count(b"\n") if (folder / "told").exists() else 0


def writers(folder: Path) -> int:
    """How many of the writers have written."""
    text = (folder / "told").read_text()
    return len({line.split()[2] for line in text[: text.rfind("\n")].splitlines()})


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST
    while not what():
        assert time.monotonic() < end, "the writers write nothing"
        time.sleep(0.02)


@pytest.mark.parametrize("kills", [8, pytest.param(80, marks=pytest.mark.slow)])
def test_killed_at_random(opened: Opened, tmp_path: Path, kills: int) -> None:
    rng = random.Random(20261127)
    with opened("staffed") as inventory, starting(tmp_path) as start:
        before = inventory.trail.head().sequence
        place = inventory.store.place
        processes = [start(place, writer) for writer in range(WRITERS)]
        try:
            for _ in range(kills):
                seen = lines(tmp_path)
                wait_for(lambda seen=seen: lines(tmp_path) >= seen + 3)  # type: ignore[misc]
                time.sleep(rng.random() * 0.03)
                which = rng.randrange(WRITERS)
                os.kill(processes[which], signal.SIGKILL)
                processes[which] = start(place, which)
            wait_for(lambda: writers(tmp_path) == WRITERS)
        finally:
            for process in processes:
                os.kill(process, signal.SIGKILL)
        found = inventory.trail.verify()
        assert found.faults == ()
        told = [line.split() for line in (tmp_path / "told").read_text().splitlines()]
        written = {
            event.sequence: (event.hash, event.payload["content"]["writer"], event.payload["content"]["count"])
            for event in found.events[before:]
        }
        assert len(told) >= 3 * kills
        lost = [one for one in told if written.get(int(one[0])) != (one[1], one[2], int(one[3]))]
        assert lost == []
        assert len(written) - len(told) <= WRITERS + kills  # written, and killed before it could be told


def test_two_approvals_at_the_same_instant(opened: Opened) -> None:
    """Both sign the same text at once; both stand, the stage is entered once, by the one who was second or first."""
    with opened("validated") as inventory:
        inventory.versions.assign(FACTS.id, "1.0", "olga", "approver", by=signer("olga"))
        inventory.gates = Gates(signers={"approved": ("approver",)})
        barrier = threading.Barrier(2)
        outcomes: dict[str, str] = {}

        def approve(person: str) -> None:
            text = inventory.statement(FACTS.id, "1.0", "approved", person=person, role="approver", decision="approve")
            signed = signer(person).sign(text)
            barrier.wait()
            inventory.sign_off(signed)
            try:
                inventory.submit(FACTS.id, "1.0", "approved", by=signer(person))
                outcomes[person] = "passed"
            except InventoryError as error:
                outcomes[person] = error.faults[0].code

        threads = [threading.Thread(target=approve, args=(person,)) for person in ("anton", "olga")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes.values()) == ["passed", "transition"]
        facts = inventory.versions.get(FACTS.id, "1.0")
        assert {one.person for one in facts.in_force("approved")} == {"anton", "olga"}
        entered = [one for one in inventory.trail.events(FACTS.id, kind="stage_entered")
                   if one.payload["to"] == "approved"]  # fmt: skip
        assert len(entered) == 1
        assert inventory.trail.verify().faults == ()


def test_a_database_that_others_hold_is_told(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WAIT_SECONDS", 0)
    with opened("staffed") as inventory:
        if inventory.store.engine.dialect.name != "sqlite":
            return  # PostgreSQL waits without end
        with open_inventory(inventory.store.place, Gates()) as other, other.store.writing():
            with open_inventory(inventory.store.place, Gates()) as third, pytest.raises(InventoryError) as error:
                third.trail.note("work", {}, by="dora")
            assert error.value.faults[0].code == "busy"
