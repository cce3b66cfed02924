"""Parse a file in a process of its own, so that a hang, a memory leak or a crash does not stop a worker.

`python -m core.knowledge.parser_process PATH NAME` writes one line of JSON for the document, one for each chunk, and a
last one that says how it ended; without that last line it has crashed.
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
_SECONDS = 600  # wall-clock time, in which the passages are also embedded
_WORKING_SECONDS = 120  # CPU time
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath}  # no token or key is readable by code that a hostile file runs
_PARENT = "READ_FOR"  # the id of the parent process
_PR_SET_PDEATHSIG = 1  # prctl(2)
_END = {"end": True}


@dataclass(frozen=True, slots=True)
class Reading:
    """A document being parsed. `pieces` is 0 while the number is not known.

    `chunks` may raise `BadFile` at any point.
    """

    kind: SourceKind
    pieces: int
    chunks: Iterator[Chunk]


def read_here(content: bytes, name: str) -> Reading:
    """Parse in this process. Raises `BadFile`."""
    document = read(content, name)
    return Reading(document.kind, document.pieces, split(document.sections))


@contextmanager
def reading(path: Path, name: str) -> Iterator[Reading]:
    """Parse a file as far as `chunks` is consumed; `name` may tell its type. Raises `BadFile`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core.knowledge.parser_process", str(path), name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**_ENVIRONMENT, _PARENT: str(os.getpid())},
        start_new_session=True,  # signals to the worker's group are handled by the worker
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
        os._exit(1)  # the parent is gone


def _end_with_parent() -> None:
    """Be killed when the worker is, which then cannot end this process itself. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.environ.get(_PARENT, str(os.getppid())) != str(os.getppid()):  # the parent was gone before
            os._exit(1)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
