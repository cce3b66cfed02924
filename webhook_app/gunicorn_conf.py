"""Gunicorn configuration: a few gevent processes, each with one event writer.

Passed to gunicorn as a file (`-c webhook_app/gunicorn_conf.py`): as a module it would import the application, and with
it ssl, before gevent has patched it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from typing import Any

import gunicorn.util  # type: ignore[import-untyped]

from core.platform.connections import Process, set_process
from core.platform.gc_tuning import freeze_gc
from core.platform.startup import settings_before_gevent

set_process(Process.WEB)
_settings = settings_before_gevent(port="web_port")

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
    """Prepare a worker: report it, and limit what invalid requests write to the log."""
    freeze_gc()
    gunicorn.util.write_error = _write_problem
    from core.platform import machines, metrics
    from webhook_app.flood_limits import LogLimiter  # only after gevent has patched what it uses

    machines.start_reporting()
    metrics.start_saving()
    limiter = LogLimiter()

    def limit_invalid(record: logging.LogRecord) -> bool:
        """Limit the lines about invalid HTTP requests like those about refused ones."""
        return not record.getMessage().startswith("Invalid request") or limiter.take("") is not None

    logging.getLogger("gunicorn.error").addFilter(limit_invalid)


def _write_problem(connection: socket.socket, status: int, reason: str, detail: str) -> None:
    """Answer what gunicorn itself refuses as application/problem+json (RFC 9457), like the application."""
    problem = {"type": "about:blank", "title": reason, "status": status, "detail": detail or reason}
    body = json.dumps(problem).encode()
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
    gunicorn.util.write_nonblock(connection, f"{head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)


def worker_exit(_server: Any, worker: Any) -> None:
    """Write pending events before the process ends."""
    context = getattr(getattr(worker, "wsgi", None), "extensions", {}).get("webhooks")
    if context is not None:
        context.writer.stop()
        context.answers.stop()
