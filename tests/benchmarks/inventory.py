"""The inventory at size: 5,000 models listed and searched, 100,000 events appended and verified, on SQLite.

Run: python tests/benchmarks/inventory.py [MODELS [EVENTS]]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from credit_risk.inventory import Inventory, create_inventory, kinds, new_key, read_trail, verify_lines
from credit_risk.inventory.contracts import ModelFacts
from credit_risk.inventory.gates import PolicyGatekeeper
from credit_risk.inventory.service.describing import description_of
from credit_risk.inventory.store.writer import Entry

WORDS = ("retail", "mortgage", "card", "loan", "corporate", "recovery", "collection", "pricing", "fraud", "stress")
AS_OF = "2027-06-30"


def entries(models: int, events: int) -> Iterator[Entry]:
    """Models with products and upstream models, versions, findings; then notes until there are enough events."""
    rng = random.Random(1)
    made = 0
    for number in range(models):
        name = f"m{number:05d}"
        upstream = (f"m{rng.randrange(number):05d}",) if number and number % 3 == 0 else ()
        title = f"{rng.choice(WORDS).title()} {rng.choice(WORDS)} model {number}"
        facts = ModelFacts(
            name, title, purpose=rng.choice(WORDS), owner="registrar", products=tuple(rng.sample(WORDS, 2)),
            upstream=upstream,
        )  # fmt: skip
        yield Entry(kinds.MODEL_ENTERED, description_of(facts), "registrar", name)
        yield Entry(kinds.VERSION_PROPOSED, {"proposal_hash": "0" * 64}, "registrar", name, "1.0")
        made += 2
        if number % 2 == 0:
            told = {"finding": f"{name}:F1", "severity": "medium", "title": "Something", "statement": None}
            told |= {"source": None, "owner": None, "due": f"2027-0{rng.randrange(1, 10)}-15"}
            yield Entry(kinds.FINDING_RAISED, told, "registrar", name, "1.0")
            made += 1
    for number in range(events - made - 2):
        told = {"topic": "experiment", "content": {"run": number, "gini": rng.random()}}
        yield Entry(kinds.NOTED, told, "registrar", f"m{number % models:05d}", "1.0")


def filled(inventory: Inventory, models: int, events: int) -> None:
    """Write them in one transaction."""
    inventory.people.register("registrar", "Rita", new_key(), registrar=True)
    with inventory.store.writing() as writer:
        writer.append_many(entries(models, events))


def timed(what: str, act: Callable[[], Any], repeat: int = 5) -> Any:
    """The fastest of some runs: seconds by the clock, and of the processor (the machine may be shared)."""
    clock, processor = [], []
    for _ in range(repeat):
        start, used = time.perf_counter(), time.process_time()
        result = act()
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    sys.stdout.write(f"| {what} | {min(clock):.3f} | {min(processor):.3f} |\n")
    sys.stdout.flush()
    return result


def main() -> None:
    """Print the table."""
    models = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    events = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "inventory.db"
        sys.stdout.write("| step | seconds | of the processor |\n| --- | ---: | ---: |\n")
        with create_inventory(place, PolicyGatekeeper()) as inventory:
            timed(f"make {models:,} models and {events:,} events", lambda: filled(inventory, models, events), 1)
            rows = timed("list all models with stage, dates, findings", lambda: inventory.models.find(AS_OF))
            assert len(rows) == models
            timed("search two words", lambda: inventory.models.find(AS_OF, text="mortgage pricing"))
            timed("filter by product and stage", lambda: inventory.models.find(AS_OF, product="card", stage="proposed"))
            timed("findings overdue", lambda: inventory.findings.overdue(AS_OF))
            timed("one model", lambda: inventory.models.get("m00042"))
            timed("models downstream of one", lambda: inventory.models.downstream("m00000"))
            timed("all models, all that is known of them", inventory.models.all)
            trail = Path(folder) / "audit.jsonl"
            timed("append one event", lambda: inventory.trail.note("data", {"n": 1}, by="registrar"))
            timed("export audit.jsonl", lambda: inventory.trail.export(trail), 1)
            found = timed(f"verify {events:,} events of audit.jsonl", lambda: verify_lines(read_trail(trail)), 1)
            assert found.intact
            assert timed("verify the store, projections rebuilt", inventory.trail.verify, 1).intact
            sizes = [path.stat().st_size / 2**20 for path in (place, trail)]
            sys.stdout.write(f"\n{sizes[0]:.0f} MB of database, {sizes[1]:.0f} MB of trail\n")


if __name__ == "__main__":
    main()
