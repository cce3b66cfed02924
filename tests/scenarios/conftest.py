"""The product in real processes, which the scenarios share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.stack import Stack, running_stack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"RETRY_WAITS": "1,1,1", "SEND_TIMEOUT_SECONDS": "2", "LEASE_SECONDS": "3", "SWEEP_SECONDS": "1"}
    with running_stack(tmp_path_factory.mktemp("stack"), **settings) as running:
        yield running
