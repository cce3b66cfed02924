"""Files made to exhaust the parser: parsing time is proportional to size, and the parser ends with its worker."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.knowledge import parser_process
from core.knowledge.chunking import split
from core.knowledge.parsers import BadFile, Fault, read
from core.knowledge.parsers.text import markdown_sections
from core.knowledge.web_fetch import _TITLE
from core.text.pii import MASK, redact

SIZE = 200_000


def titles(text: str) -> list[str]:
    return [section.heading for section in markdown_sections(text)]


def read_whole(content: bytes, name: str) -> None:
    with contextlib.suppress(BadFile):
        list(split(read(content, name).sections))


@pytest.mark.parametrize(
    "run",
    [
        lambda: titles("# x" + " " * SIZE + "y\n\ntext"),
        lambda: titles("# x" + " #" * (SIZE // 2) + "y\n\ntext"),
        lambda: titles("# " + "[" * SIZE + "\n\ntext"),
        lambda: titles("# " + "[a](" * (SIZE // 4) + "\n\ntext"),
        lambda: titles("---\n" * (SIZE // 4)),
        lambda: read_whole(b"<html><body><p " + b"".join(b"a%d " % n for n in range(150_000)) + b">x", "a.html"),
        lambda: read_whole(b"<p " + b"".join(b"a%d='>' " % n for n in range(150_000)) + b">words</p>", "a.html"),
        lambda: _TITLE.search(b"<title" * SIZE),
        lambda: _TITLE.search(b"<title>" * SIZE),
        lambda: redact("a" * SIZE),
        lambda: redact("a." * SIZE + "@"),
        lambda: redact("1a1a1" + "-a" * SIZE),
        lambda: redact("1" * SIZE + "a"),
    ],
)
def test_no_input_takes_more_than_its_share_of_time(run: Callable[[], object]) -> None:
    began = time.process_time()
    run()
    assert time.process_time() - began < 4


def test_headings_are_what_they_were() -> None:
    text = "# A #\n1\n## C#\n2\n#no\n3\n####### seven\n4\n###\tTab ##  \n5\n#\n6"
    assert titles(text) == ["A", "A › C#", "A › C# › Tab"]


def test_a_tag_like_any_other_keeps_its_attributes_and_its_words() -> None:
    page = (
        b'<html><body><p class="a" title="x > y"><a href="https://shop.example/'
        + b"a/" * 900
        + b'">Tienda</a> Envios en tres dias.</p></body></html>'
    )
    found = " ".join(section.text for section in read(page, "a.html").sections)
    assert "Envios en tres dias." in found


def test_what_is_masked_is_what_it_was() -> None:
    assert redact("Escriba a ana.sol+1@mail.example.com o pida AB-1234-X, #123, 2024-AB") == (
        f"Escriba a {MASK} o pida {MASK}, {MASK}, {MASK}"
    )
    assert redact("talla abc-123 y modelo 12345") == "talla abc-123 y modelo 12345"


def test_a_reader_has_no_secret_and_ends_with_its_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    asked: dict[str, object] = {}
    popen = subprocess.Popen

    def watched(command: list[str], **more: Any) -> subprocess.Popen[bytes]:
        asked.update(more)
        return popen(
            [sys.executable, "-c", "import json, os; print(json.dumps({'fault': 'empty', **os.environ}))"], **more
        )

    monkeypatch.setattr(subprocess, "Popen", watched)
    with pytest.raises(BadFile), parser_process.parse_file(tmp_path / "source", "guide.md"):
        raise AssertionError("it was read")
    assert set(asked["env"]) <= {"LANG", "PATH", "READ_FOR"}  # type: ignore[call-overload]


def test_an_endless_reader_dies_with_the_process_that_asked(tmp_path: Path) -> None:
    """The parser waits for a fifo without a writer; its parent is killed and cannot end it itself."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    script = (
        "import sys\nfrom pathlib import Path\nfrom core.knowledge import parser_process\n"
        "popen = parser_process.subprocess.Popen\n"
        "def watched(*a, **m):\n    p = popen(*a, **m)\n    print(p.pid, flush=True)\n    return p\n"
        "parser_process.subprocess.Popen = watched\n"
        f"with parser_process.parse_file(Path({str(fifo)!r}), 'a.md'): pass\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    ) as asker:
        assert asker.stdout is not None
        reader = int(asker.stdout.readline())
        writing = os.open(fifo, os.O_WRONLY)  # opened by both: from here on the parser is fully set up
        asker.send_signal(signal.SIGKILL)
        asker.wait()
        deadline = time.monotonic() + 10
        while _lives(reader) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not _lives(reader)
        os.close(writing)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_reader_that_burns_its_share_of_the_processor_timed_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    popen = subprocess.Popen
    command = ["/bin/sh", "-c", f"kill -{signal.SIGXCPU.value} $$"]
    monkeypatch.setattr(subprocess, "Popen", lambda _, **more: popen(command, **more))
    with pytest.raises(BadFile) as refused, parser_process.parse_file(tmp_path / "source", "guide.md"):
        raise AssertionError("it was read")
    assert refused.value.fault is Fault.TIMED_OUT
