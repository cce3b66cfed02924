"""Structured logs: constant event names with fields, one JSON object a line, telephone numbers and secrets masked."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_PHONE = re.compile(r"(?<![\w.-])\+?\d(?:[ .()-]?\d){8,14}(?![\w-])")
_SECRET = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}|\b(EAA[A-Za-z0-9]{10,}|sk-[A-Za-z0-9_-]{10,})")
_UNMASKED = frozenset({"level", "timestamp", "logger"})


def mask(text: str) -> str:
    """Reduce telephone numbers to their last two digits and remove tokens."""
    return _SECRET.sub("[secret]", _PHONE.sub(lambda match: "…" + match[0][-2:], text))


def _mask_fields(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in entry.items():
        if name not in _UNMASKED and isinstance(value, str):
            entry[name] = mask(value)
    return entry


def configure_logging(level: str) -> None:
    """Send this process's logs to standard error, ours and the libraries' alike."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_fields,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("urllib3", "httpx2", "httpcore2", "openai", "rq", "werkzeug"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
