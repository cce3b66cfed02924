"""How gunicorn serves the web app: a few gevent processes, each with one group-committing writer.

Given to gunicorn as a file (`-c webhook_app/gunicorn_conf.py`): as a module it would import the application, and with
it ssl, before gevent has patched it.
"""

from __future__ import annotations

import os
from typing import Any

from core.runtime import settle_memory
from core.startup import settings_before_gevent

_settings = settings_before_gevent(port="web_port")

_metrics = _settings.data_dir.expanduser().absolute() / "metrics"
_metrics.mkdir(parents=True, exist_ok=True)
for _left_over in _metrics.glob("*.db"):
    _left_over.unlink()
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)

bind = f"{_settings.bracketed_host}:{_settings.web_port}"
workers = _settings.web_processes
worker_class = os.environ.get("GUNICORN_WORKER_CLASS", "gevent")
threads = 64
backlog = 2048
keepalive = 75
timeout = 60
graceful_timeout = 15
wsgi_app = "webhook_app:create_app()"
control_socket_disable = True
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")


def post_worker_init(_worker: Any) -> None:
    settle_memory()


def worker_exit(_server: Any, worker: Any) -> None:
    """Write what still waits before the process ends."""
    door = getattr(getattr(worker, "wsgi", None), "extensions", {}).get("door")
    if door is not None:
        door.intake.stop()


def child_exit(_server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
