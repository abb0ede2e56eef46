"""Processes that write to an inventory and tell each event after it was acknowledged; the tests kill them.

Run as a program it begins a writer for every line `PLACE WRITER FILE` that it reads, and answers with its number:
what a writer imports is imported once.
"""

from __future__ import annotations

import os
import signal
import sys

from credit_risk.inventory import open_inventory
from tests.credit_risk.inventory.support import Gates


def write_without_end(place: str, writer: str, file: str) -> None:
    """Append events, and a line to `file` for each after its commit."""
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with open_inventory(place, Gates()) as inventory:
        count = 0
        while True:
            event = inventory.trail.note("work", {"writer": writer, "count": count}, by="dora")
            os.write(number, f"{event.sequence} {event.hash} {writer} {count}\n".encode())
            count += 1


def serve() -> None:
    """Begin writers until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system takes away those that ended
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            write_without_end(*line.split())
        os.write(sys.stdout.fileno(), f"{process}\n".encode())


if __name__ == "__main__":
    serve()
