"""The end of the program, which has used native threads."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from typing import IO, NoReturn


def end_process(status: int, *streams: IO[str]) -> NoReturn:
    """End the process with a status: what was registered to be done at exit is done, streams are flushed, and the
    interpreter is not torn down.

    A worker of Arrow may give back its last reference to a Python object a moment after the result has arrived. Up to
    Python 3.13 a thread that asks for the interpreter while it is torn down is ended by force; in the midst of C++ that
    is `terminate called without an active exception` and status 134 (apache/arrow 45017), though all was written.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for stream in streams:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)
