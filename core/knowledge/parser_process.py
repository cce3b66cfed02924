"""Reading a file in a process of its own: what hangs, swells or crashes there takes no worker with it.

`python -m core.knowledge.parser_process PATH NAME` writes a line of JSON for the document, one for each chunk, and at
the
end one that says how it ended; without that last line it has crashed.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.knowledge.chunking import Chunk, split
from core.knowledge.parsers import BadFile, Fault, read
from core.models.knowledge_kinds import SourceKind

_MEMORY = 1536 << 20  # bytes of address space, of which the interpreter and its libraries take a third
_SECONDS = 600  # of the clock, in which the passages are also embedded
_WORKING_SECONDS = 120  # of the processor's time
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath}  # no token or key is in reach of what a hostile file makes run
_PARENT = "READ_FOR"  # the process that asked, by its number
_PR_SET_PDEATHSIG = 1  # prctl(2)
_END = {"end": True}


@dataclass(frozen=True, slots=True)
class Reading:
    """A document on its way in. `pieces` is 0 while nobody knows how many there are.

    `chunks` may raise `BadFile` at any point.
    """

    kind: SourceKind
    pieces: int
    chunks: Iterator[Chunk]


def read_here(content: bytes, name: str) -> Reading:
    """Read in this process. Raises `BadFile`."""
    document = read(content, name)
    return Reading(document.kind, document.pieces, split(document.sections))


@contextmanager
def reading(path: Path, name: str) -> Iterator[Reading]:
    """Read a file, whose `name` may tell its type, as far as `chunks` is asked for. Raises `BadFile`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core.knowledge.parser_process", str(path), name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**_ENVIRONMENT, _PARENT: str(os.getpid())},
        start_new_session=True,  # a signal to the worker's group is the worker's to answer
        cwd=Path(__file__).parents[2],
    )
    late = threading.Event()

    def kill_late() -> None:
        late.set()
        process.kill()

    clock = threading.Timer(_SECONDS, kill_late)
    clock.start()
    try:
        lines = _lines(process, late)
        first = next(lines)
        yield Reading(SourceKind(first["kind"]), first["pieces"], (Chunk(**line) for line in lines))
    finally:
        clock.cancel()
        process.kill()
        process.communicate()


def _lines(process: subprocess.Popen[bytes], late: threading.Event) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        if not line.endswith(b"\n"):
            break
        said = json.loads(line)
        if said == _END:
            return
        if fault := said.get("fault"):
            raise BadFile(Fault(fault))
        yield said
    timed_out = late.is_set() or process.wait() == -signal.SIGXCPU
    raise BadFile(Fault.TIMED_OUT if timed_out else Fault.DAMAGED, "the reader crashed")


def main(path: str, name: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_WORKING_SECONDS, _WORKING_SECONDS + 5))
    _end_with_parent()
    try:
        found = read_here(Path(path).read_bytes(), name)
        _say({"kind": found.kind, "pieces": found.pieces})
        for chunk in found.chunks:
            _say(asdict(chunk))
        _say(_END)
    except BadFile as error:
        _say({"fault": error.fault})
    except MemoryError:
        _say({"fault": Fault.TOO_LARGE})
    except BrokenPipeError:
        os._exit(1)  # whoever asked is gone


def _end_with_parent() -> None:
    """Be killed when the worker is, which then cannot end this process itself. Linux alone knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.environ.get(_PARENT, str(os.getppid())) != str(os.getppid()):  # it was gone before
            os._exit(1)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
