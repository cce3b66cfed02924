"""Command-line parser. Each command is a function in a module of this package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NoReturn, Protocol

from core.platform.startup import WRONG, try_settings_of

if __name__ == "__main__":  # before the rest is loaded: a wrong setting is reported at once
    try_settings_of(sys.argv[1:])

from cryptography.fernet import InvalidToken
from redis import RedisError
from sqlalchemy.exc import OperationalError, ProgrammingError

from core.channels.registry import PROVIDERS
from core.channels.types import Kind
from core.cli import admin, backup, doctor, rekey, rollups, run, users, whatsapp
from core.cli.command_environment import Need, command_settings
from core.platform.connections import Process, set_process
from core.platform.errors import BotHubError
from core.platform.logging import configure_logging


class Commands(Protocol):
    """The part of argparse's sub-parsers that adds a command."""

    def add_parser(self, name: str, *, help: str, description: str | None = None) -> argparse.ArgumentParser: ...


class _Parser(argparse.ArgumentParser):
    """Reports wrong arguments in one line, and accepts no abbreviated options."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}. See `{self.prog} --help`.\n")
        raise SystemExit(WRONG)


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    top = _Parser(prog="bothub", description="Run and administer BotHub.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    _command(commands, "run", run.run, "start everything on this machine (what `make run` does)", Need.NOTHING)
    _command(commands, "migrate", admin.migrate, "bring the database up to date", Need.NEW)
    made = "make the business, its channels and bot from the settings"
    _command(commands, "setup", admin.setup, made, Need.NEW)
    _command(commands, "doctor", doctor.doctor, "check settings, servers and providers, and say what to mend")

    keys = commands.add_parser("keys", help="API keys, and the keys of this installation").add_subparsers(required=True)
    _command(keys, "encryption", admin.new_encryption_key, "print a new key for ENCRYPTION_KEYS", Need.NOTHING)
    _command(keys, "list", admin.list_keys, "list API keys")
    create = _command(keys, "create", admin.create_key, "make an API key; it is shown once")
    create.add_argument("name", help="what it is for")
    create.add_argument("--scopes", default="*", help="comma-separated scopes (default: all)")
    revoke = _command(keys, "revoke", admin.revoke_key, "revoke an API key")
    revoke.add_argument("id", type=int)

    channels = commands.add_parser("channels", help="the numbers of the business").add_subparsers(required=True)
    _command(channels, "list", admin.list_channels, "list channels and their state")
    add = _command(channels, "add", admin.add_channel, "add a channel, or change its credentials")
    accounts = [f"{one.account_field.name} ({name})" for name, one in PROVIDERS.items() if one.account_field]
    credentials = [field.name for one in PROVIDERS.values() for field in one.credential_fields]
    add.add_argument("provider", choices=sorted(PROVIDERS))
    add.add_argument("kind", choices=sorted(Kind))
    add.add_argument("identity", help="the provider's name of it, such as a number")
    add.add_argument("--name", default="")
    add.add_argument("--account", default="", help=", ".join(accounts))
    add.add_argument(
        "--credential", action="append", default=[], metavar="NAME=VALUE",
        help=f"{', '.join(credentials)}; repeat. VALUE - asks for it, or reads it from standard input",
    )  # fmt: skip
    resume = _command(channels, "resume", admin.resume_channel, "let a paused channel send again")
    resume.add_argument("id", type=int)

    people = commands.add_parser("users", help="the users of the console").add_subparsers(required=True)
    roles = ["agent", "manager", "administrator"]
    _command(people, "list", users.list_users, "list users, their roles and state")
    invited = _command(people, "add", users.add, "add somebody, and print a link that signs them in once within a week")
    invited.add_argument("email")
    invited.add_argument("--name", default="")
    invited.add_argument("--role", choices=roles, default="agent")
    changed = _command(people, "role", users.set_role, "change somebody's role")
    for name, command, words in (
        ("link", users.link, "print another one-time link for somebody"),
        ("disable", users.disable, "disable an account and end its sessions"),
        ("enable", users.enable, "enable an account again, and lift a lock-out"),
        ("reset-totp", users.reset_second_factor, "remove the second factor of somebody who lost their phone"),
    ):
        _command(people, name, command, words).add_argument("email")
    changed.add_argument("email")
    changed.add_argument("role", choices=roles)

    _command(commands, "dead-letters", admin.list_dead_letters, "list dead letters that belong to no business")
    replay = _command(commands, "replay", admin.replay, "process dead letters again, after their cause was fixed")
    replay.add_argument("id", type=int, nargs="*", help="ids of webhook events (default: all that have dead letters)")

    counted = _command(commands, "rollups", rollups.recount, "recount the figures of past days")
    counted.add_argument("--since", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD", help="the first day")

    _whatsapp(commands)

    saved = _command(commands, "backup", backup.save, "write the database and customers' files into one file")
    saved.add_argument("file", type=Path, nargs="?", help="default: bothub-DATE-TIME.tar in this folder")
    check_help = "read a backup and compare its checksums"
    _command(commands, "check-backup", backup.check, check_help, Need.NOTHING).add_argument("file", type=Path)
    restore_help = "restore a backup into an empty database; stop BotHub first"
    restored = _command(commands, "restore", backup.restore, restore_help, Need.ALONE)
    restored.add_argument("file", type=Path)
    restored.add_argument("--force", action="store_true", help="delete what is in the database")

    rekey_help = "encrypt everything again with the first of ENCRYPTION_KEYS, and say when an older key may be removed"
    again = _command(commands, "rekey", rekey.run, rekey_help)
    again.add_argument("--check", action="store_true", help="count what needs which key, and change nothing")

    _command(commands, "link", admin.sign_in_link, "print a one-time sign-in link for the administrator")
    return top


def _whatsapp(commands: Commands) -> None:
    made = commands.add_parser("whatsapp", help="set up a WhatsApp number with Meta")
    group = made.add_subparsers(required=True)
    code = _command(group, "request-code", whatsapp.request_code, "have Meta send the number a verification code")
    code.add_argument("--method", choices=["SMS", "VOICE"], default="SMS")
    code.add_argument("--language", default="es", help="of the code's message: es, en_US, pt_BR …")
    verify = _command(group, "verify-code", whatsapp.verify_code, "give Meta the code that arrived")
    verify.add_argument("code")
    register = _command(group, "register", whatsapp.register, "register the number; its PIN is asked for")
    profile = _command(group, "profile", whatsapp.profile, "show the business profile, or change parts of it")
    for name in ("about", "address", "description", "email", "vertical"):
        profile.add_argument(f"--{name}")
    profile.add_argument("--website", dest="websites", action="append", help="repeat for a second one")
    profile.add_argument("--picture-handle", dest="profile_picture_handle", help="of a picture uploaded to Meta")
    subscribe = _command(group, "subscribe", whatsapp.subscribe, "have the account's webhooks sent to the token's app")
    check = _command(group, "check", whatsapp.check, "show what Meta has on file, and what to fix")
    for command in (code, verify, register, profile, subscribe, check):
        command.add_argument("--channel", type=int, help="its id; needed when there are several")


def _command(
    group: Commands, name: str, run: Callable[[argparse.Namespace], int], text: str, need: Need = Need.SERVERS
) -> argparse.ArgumentParser:
    made = group.add_parser(name, help=text, description=text)
    made.set_defaults(run=run, need=need)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run one command. An error that an operator can fix is one line on standard error, with exit code 2."""
    parsed = parser().parse_args(arguments)
    configure_logging("WARNING")
    set_process(Process.COMMAND)
    try:
        with command_settings(parsed.need):
            return int(parsed.run(parsed))
    except BotHubError as error:
        message = str(error)
    except OperationalError as error:
        message = f"The database does not answer ({_reason(error)}): start it, or correct DATABASE_URL."
    except ProgrammingError as error:
        message = f"The database is not as this version needs it ({_reason(error)}): run `migrate`."
    except RedisError as error:
        message = f"Redis does not answer ({type(error).__name__}): start it, or correct REDIS_URL."
    except InvalidToken:
        message = "ENCRYPTION_KEYS does not open what is encrypted: set the key that wrote it, after the newest one."
    except KeyboardInterrupt:
        message = "Interrupted."
    sys.stderr.write(f"{message}\n")
    return WRONG


def _reason(error: OperationalError | ProgrammingError) -> str:
    return str(error.orig).strip().splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
