"""`python -m sandbox`: serve the stand-ins until stopped."""

from __future__ import annotations

import sys

import uvicorn

from sandbox.app import create_app
from sandbox.settings import Settings


def main() -> None:
    """Serve the sandbox by the environment's settings."""
    try:
        settings = Settings.from_env()
    except ValueError as error:
        sys.exit(f"sandbox: {error}")
    uvicorn.run(
        create_app(settings),
        host=settings.sandbox_host,
        port=settings.sandbox_port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
