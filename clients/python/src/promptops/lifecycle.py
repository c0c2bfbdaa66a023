"""Process events that concern every client: the end of the interpreter, and forks.

Such hooks can be registered but hardly ever removed, so there is one of each, and a set of the senders they are for. The
set holds senders, not clients: a client that the application lets go is collected, and its sender leaves once it is empty.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import Callable, Protocol, Set


class Lifelong(Protocol):
    def close_at_exit(self) -> None:
        """The process ends: deliver what is there, within a deadline."""

    def restart_after_fork(self) -> None:
        """This is a forked child: forget what the parent will deliver, and the threads that exist only there."""


_live: Set[Lifelong] = set()


def register(sender: Lifelong) -> None:
    _live.add(sender)


def unregister(sender: Lifelong) -> None:
    _live.discard(sender)


def call_at_child_exit(close: Callable[[], object]) -> None:
    """Has `close` called at the end of a `multiprocessing` child: it leaves by `os._exit`, which skips `atexit`."""
    process = sys.modules.get("multiprocessing.process")
    util = sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, close, exitpriority=10)


def _at_exit() -> None:
    for sender in list(_live):
        sender.close_at_exit()


def _after_fork_in_child() -> None:
    for sender in list(_live):
        sender.restart_after_fork()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
