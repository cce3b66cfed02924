"""How gunicorn serves the web app: a few gevent processes, each with one group-committing writer.

Given to gunicorn as a file (`-c webhook_app/gunicorn_conf.py`): as a module it would import the application, and with
it ssl, before gevent has patched it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from typing import Any

import gunicorn.util  # type: ignore[import-untyped]

from core.platform.connections import Process, serve_as
from core.platform.gc_tuning import freeze_gc
from core.platform.startup import settings_before_gevent

serve_as(Process.WEB)
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
limit_request_line = 8190  # bytes, gunicorn's most: a search of 500 characters may take 6,000
control_socket_disable = True
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")


def post_worker_init(_worker: Any) -> None:
    freeze_gc()
    gunicorn.util.write_error = _write_problem
    from core.platform import machines
    from webhook_app.flood_limits import Lines  # not before gevent has patched what it uses

    machines.start_reporting()
    lines = Lines()

    def few_invalid(record: logging.LogRecord) -> bool:
        """Lines about requests that are no HTTP: as few as about those that are refused."""
        return not record.getMessage().startswith("Invalid request") or lines.take("") is not None

    logging.getLogger("gunicorn.error").addFilter(few_invalid)


def _write_problem(connection: socket.socket, status: int, reason: str, detail: str) -> None:
    """What gunicorn itself refuses is application/problem+json (RFC 9457) too, as all errors of the application."""
    said = {"type": "about:blank", "title": reason, "status": status, "detail": detail or reason}
    body = json.dumps(said).encode()
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
    gunicorn.util.write_nonblock(connection, f"{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)


def worker_exit(_server: Any, worker: Any) -> None:
    """Write what still waits before the process ends."""
    door = getattr(getattr(worker, "wsgi", None), "extensions", {}).get("door")
    if door is not None:
        door.intake.stop()
        door.tally.stop()


def child_exit(_server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
