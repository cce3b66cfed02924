"""The product in real processes, which the scenarios share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import Stack, running_stack


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    settings = {"RETRY_WAITS": "1,1,1", "SEND_TIMEOUT_SECONDS": "2", "LEASE_SECONDS": "3", "SWEEP_SECONDS": "1"}
    # Not under pytest's own folder: a second run beside this one closes that to Postgres's account.
    with (
        tempfile.TemporaryDirectory(prefix="bothub-scenarios-") as folder,
        running_stack(Path(folder), **settings) as running,
    ):
        yield running
