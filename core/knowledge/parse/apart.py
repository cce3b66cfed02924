"""Reading a document in a process of its own.

A file that somebody handed in can make a reader loop, or take all memory; and reading holds Python's lock while the
worker's other threads answer customers. The child may use so much memory and time and no more; when it dies, that is
a fault of the file.
"""

from __future__ import annotations

import json
import logging
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from core.knowledge.kinds import SourceKind
from core.knowledge.parse.base import BadFile, Document, Fault, Section

_MEMORY = 1 << 30  # bytes of address space beyond what the libraries take
_CPU_SECONDS = 300
_SECONDS = 600.0  # by the clock, the reader of the sections included: it writes passages in between
_END = {"end": True}
_ROOT = Path(__file__).parents[3]


@contextmanager
def reading(path: Path, name: str) -> Iterator[Document]:
    """The document in this file, being read elsewhere while the block lasts. Raises what `core.knowledge.parse.read`
    does, and so may its sections.
    """
    command = [sys.executable, "-m", __name__, str(path.absolute()), name]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        overdue = threading.Timer(_SECONDS, child.kill)
        overdue.daemon = True
        overdue.start()
        try:
            assert child.stdout is not None
            lines = _lines(child.stdout)
            head = next(lines)
            sections = (Section(**line) for line in lines)
            yield Document(SourceKind(head["kind"]), head["pieces"], sections)
        finally:
            overdue.cancel()
            child.kill()


def _lines(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    for raw in stream:
        line = json.loads(raw)
        if line == _END:
            return
        if "fault" in line:
            raise BadFile(Fault(line["fault"]), line["detail"])
        yield line
    raise BadFile(Fault.UNREADABLE, "the reader died")


def _read(path: Path, name: str) -> Iterator[dict[str, Any]]:
    from core.knowledge.parse.open import read

    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_used() + _MEMORY, most))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 5))
    try:
        document = read(path.read_bytes(), name)
        yield {"kind": document.kind, "pieces": document.pieces}
        yield from map(asdict, document.sections)
        yield _END
    except BadFile as bad:
        yield {"fault": bad.fault, "detail": bad.detail}
    except MemoryError:
        yield {"fault": Fault.UNREADABLE, "detail": "out of memory"}


def _used() -> int:
    """Address space in use, in bytes; nothing is known of it outside Linux, where the limit then is the whole."""
    sizes = Path("/proc/self/statm")
    return int(sizes.read_text().split()[0]) * resource.getpagesize() if sizes.exists() else 0


def main() -> None:
    logging.disable()  # libraries remark on every oddity of a file
    for line in _read(Path(sys.argv[1]), sys.argv[2]):
        sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
