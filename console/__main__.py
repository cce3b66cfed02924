"""Console process: `python -m console`, on WEB_HOST and CONSOLE_PORT."""

from __future__ import annotations

import sys

from core.platform.connections import Process, set_process
from core.platform.errors import ConfigurationError
from core.platform.logging import configure_logging
from core.platform.startup import WRONG, settings_or_exit


def main() -> int:
    """Serve until stopped. An invalid setting ends the start with a one-line error."""
    settings = settings_or_exit(port="console_port")
    set_process(Process.CONSOLE)
    configure_logging(settings.log_level)
    try:
        import uvicorn

        from console.asgi import app
        from core.platform import machines, metrics
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG
    machines.start_reporting()
    metrics.start_saving()
    uvicorn.run(
        app,
        host=settings.web_host,
        port=settings.console_port,
        log_config=None,
        access_log=False,
        server_header=False,
        ws_per_message_deflate=False,  # a fifth of what a click costs; a proxy in front may compress
        timeout_graceful_shutdown=3,  # browsers keep websockets open, so do not wait for them at shutdown
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
