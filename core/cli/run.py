"""`run`: start everything on this machine under one supervisor, and print the addresses once they answer."""

from __future__ import annotations

import argparse
import os
import signal
import time

import requests

from core import migrations
from core.accounts.sessions import first_administrator
from core.bots.settings import BotSettings
from core.channels.registry import PROVIDERS
from core.cli import demo_business
from core.cli.command_environment import reset_caches
from core.cli.first_run import ensure_business
from core.platform import config, db
from core.platform.config import Settings
from core.platform.config_rules import check
from core.platform.errors import ConfigurationError
from core.platform.startup import WRONG, try_ports
from core.platform.supervisor import Child, Supervisor

_START_SECONDS = 300.0  # small machines may need minutes; a process that refuses its settings ends the start


def run(_: argparse.Namespace) -> int:
    """Start, print where everything is, and run until Ctrl-C or SIGTERM. Exits 0 after an orderly stop."""
    supervisor = Supervisor(check(config.load()))
    signal.signal(signal.SIGTERM, _interrupt)
    with supervisor.sole_owner():
        try:
            _start(supervisor)
            supervisor.watch()
        except KeyboardInterrupt:
            pass
        finally:
            if supervisor.children:
                print("\nStopping …", flush=True)
            supervisor.stop()
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _start(supervisor: Supervisor) -> None:
    try_ports(supervisor.settings)
    print("Starting …", flush=True)
    supervisor.start_servers()
    environment = supervisor.environment()
    os.environ.update(environment)  # from now on this process has the settings of its children
    reset_caches()
    supervisor.save_settings(environment)
    settings = config.get_settings()
    migrations.upgrade(settings.sqlalchemy_url)
    token = set_up(settings)
    db.dispose_engine()  # from now on it only waits, and needs no connections
    supervisor.start_children(environment)
    _wait_until_ready(supervisor, settings)
    _print_addresses(supervisor, settings, token)


def set_up(settings: Settings) -> str | None:
    """Create the business and its first administrator. Returns a one-time sign-in token while there is no password."""
    with db.system_transaction() as session:
        if settings.sandbox_active:
            business_id = ensure_business(
                session,
                settings,
                name=demo_business.NAME,
                profile=demo_business.PROFILE,
                bot=demo_business.bot(),
                time_zone=demo_business.TIME_ZONE,
            )
        else:
            business_id = ensure_business(session, settings, name="My business", profile={}, bot=BotSettings())
        with db.in_business(session, business_id):
            if settings.sandbox_active:
                demo_business.stock(session)
            return first_administrator(session, settings)


def _wait_until_ready(supervisor: Supervisor, settings: Settings) -> None:
    """Wait for the web app and a worker. Raises `ConfigurationError` with the logs' folder on a time-out."""
    deadline = time.monotonic() + _START_SECONDS
    url = f"http://{settings.own_host}:{settings.web_port}/readyz"
    while time.monotonic() < deadline:
        for child in supervisor.children:
            _raise_refusal(child)
            child.supervise()
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise ConfigurationError(f"The web app or the workers did not start: see {supervisor.data_dir / 'logs'}.")


def _raise_refusal(child: Child) -> None:
    """Raise `ConfigurationError` with the last log line of a process that refused its settings."""
    if child.process is not None and child.process.poll() == WRONG:
        raise ConfigurationError(child.log.read_text(errors="replace").rstrip().rpartition("\n")[2])


def _print_addresses(supervisor: Supervisor, settings: Settings, token: str | None) -> None:
    lines = [("Console", settings.console_base)]
    if token:
        lines.append(("Sign in (once)", f"{settings.console_base}/auth/link?token={token}"))
    if settings.sandbox_active:
        lines.append(("Be a customer", f"http://localhost:{settings.sandbox_port}"))
    lines += [
        ("API docs", f"http://localhost:{settings.web_port}/api/docs"),
        *(
            (f"Webhook {name}", settings.callback_base + one.webhooks[0].paths[0])
            for name, one in PROVIDERS.items()
            if one.webhooks
        ),
        ("Data and logs", str(supervisor.data_dir)),
    ]
    print("\nBotHub is running. Ctrl-C stops it.\n")
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        print(f"  {name:<{width}} {value}")
    if settings.sandbox_active and settings.web_host not in ("127.0.0.1", "localhost", "::1"):
        print("\n  The sandbox's secrets are public: do not let others reach this machine's ports.")
    print(flush=True)
