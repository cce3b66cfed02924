"""A worker process while Redis is away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from core.platform import job_queue
from core.platform.embedded import Embedded
from tests.support.database import rows
from tests.support.inbound import store
from tests.support.provider_bodies import meta_body, meta_json, text_value
from tests.support.stack import eventually


@pytest.fixture
def redis_away(business, servers: Embedded) -> Iterator[None]:
    """A registered worker, then no Redis. It must still stop cleanly."""
    environment = {**os.environ, "OPENAI_API_KEY": "", "LOG_LEVEL": "WARNING"}
    worker = subprocess.Popen([sys.executable, "-m", "workers.run"], env=environment)
    try:
        eventually(lambda: job_queue.workers_seen() > 0)
        servers.redis.stop()
        yield
        worker.terminate()
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.wait()
        servers.redis.start()


def test_a_worker_polls_while_redis_is_away(redis_away: None) -> None:
    store(meta_json(meta_body(text_value("Quiero hablar con una persona"))))
    eventually(lambda: rows("SELECT 1 FROM notifications WHERE kind = 'handed_off'"), seconds=15)
