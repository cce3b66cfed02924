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
class ParsedDocument:
    """A document being parsed. `pieces` is 0 while the number is not known.

    `chunks` may raise `BadFile` at any point.
    """

    kind: SourceKind
    pieces: int
    chunks: Iterator[Chunk]


def parse_in_process(content: bytes, name: str) -> ParsedDocument:
    """Parse in this process. Raises `BadFile`."""
    document = read(content, name)
    return ParsedDocument(document.kind, document.pieces, split(document.sections))


@contextmanager
def parse_file(path: Path, name: str) -> Iterator[ParsedDocument]:
    """Parse a file as far as `chunks` is consumed; `name` may tell its type. Raises `BadFile`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "core.knowledge.parser_process", str(path), name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**_ENVIRONMENT, _PARENT: str(os.getpid())},
        start_new_session=True,  # signals to the worker's group are handled by the worker
        cwd=Path(__file__).parents[2],
    )
    deadline_passed = threading.Event()

    def kill_late() -> None:
        deadline_passed.set()
        process.kill()

    clock = threading.Timer(_SECONDS, kill_late)
    clock.start()
    try:
        lines = _lines(process, deadline_passed)
        first = next(lines)
        yield ParsedDocument(SourceKind(first["kind"]), first["pieces"], (Chunk(**line) for line in lines))
    finally:
        clock.cancel()
        process.kill()
        process.communicate()


def _lines(process: subprocess.Popen[bytes], deadline_passed: threading.Event) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        if not line.endswith(b"\n"):
            break
        output = json.loads(line)
        if output == _END:
            return
        if fault := output.get("fault"):
            raise BadFile(Fault(fault))
        yield output
    timed_out = deadline_passed.is_set() or process.wait() == -signal.SIGXCPU
    raise BadFile(Fault.TIMED_OUT if timed_out else Fault.DAMAGED, "the reader crashed")


def main(path: str, name: str) -> None:
    """Parse a file in this process, within limits of memory and CPU time, and write a line of JSON for each part."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_WORKING_SECONDS, _WORKING_SECONDS + 5))
    _end_with_parent()
    try:
        document = parse_in_process(Path(path).read_bytes(), name)
        _write_line({"kind": document.kind, "pieces": document.pieces})
        for chunk in document.chunks:
            _write_line(asdict(chunk))
        _write_line(_END)
    except BadFile as error:
        _write_line({"fault": error.fault})
    except MemoryError:
        _write_line({"fault": Fault.TOO_LARGE})
    except BrokenPipeError:
        os._exit(1)  # the parent is gone


def _end_with_parent() -> None:
    """Be killed when the worker is, which then cannot end this process itself. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.environ.get(_PARENT, str(os.getppid())) != str(os.getppid()):  # the parent was gone before
            os._exit(1)


def _write_line(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
