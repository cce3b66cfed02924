"""Reading in a process of its own: the same sections, and a file that kills its reader is a fault."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from core.knowledge.parse import BadFile, Fault, apart, read
from core.knowledge.parse.apart import reading

TEXT = b"# Env\xc3\xados\nTres d\xc3\xadas.\n# Pagos\nTarjeta.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a file.md"
    path.write_bytes(TEXT)
    return path


def test_the_same_sections_come_back(file: Path) -> None:
    with reading(file, "a.md") as document:
        assert list(document.sections) == list(read(TEXT, "a.md").sections)


def test_faults_come_back(file: Path) -> None:
    with pytest.raises(BadFile) as caught, reading(file, "a.exe"):
        pass
    assert (caught.value.fault, caught.value.detail) == (Fault.WRONG_TYPE, ".exe")


def test_a_reader_that_takes_too_long_is_ended(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_SECONDS", 0.0)
    with pytest.raises(BadFile) as caught, reading(file, "a.md") as document:
        list(document.sections)
    assert caught.value.fault == Fault.UNREADABLE


def test_a_file_that_takes_all_memory_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"a" * (20 << 20))
    small = "from core.knowledge.parse import apart; apart._MEMORY = 4 << 20; apart.main()"
    said = subprocess.run([sys.executable, "-c", small, str(path), path.name], stdout=subprocess.PIPE, check=True)
    assert json.loads(said.stdout) == {"fault": Fault.UNREADABLE, "detail": "out of memory"}


def test_a_reading_that_is_left_leaves_no_process(file: Path) -> None:
    file.write_bytes(b"".join(b"# %d\nwords\n" % n for n in range(50_000)))
    with reading(file, "a.md") as document:
        next(document.sections)
        assert readers()
    assert not readers()


def readers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if apart.__name__ in child.cmdline()]
