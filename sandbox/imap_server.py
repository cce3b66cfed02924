"""An IMAP server for one mailbox: the part of RFC 3501 that reads, searches and marks mails by their UID."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes
from typing import Any

from sandbox.mailbox import PASSWORD, USER, Mailbox, StoredMail

_LONGEST_LINE = 64 * 1024
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\()|(\))|((?:[^\s()"\[]|\[[^\]]*\])+)')
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n$")
_PARTIAL = re.compile(r"BODY(?:\.PEEK)?\[\](?:<(\d+)\.(\d+)>)?", re.I)
_FLAGS = r"\Answered \Flagged \Deleted \Seen \Draft"
_CAPABILITIES = "IMAP4rev1"

Words = list[Any]


async def serve(mailbox: Mailbox, host: str, port: int) -> asyncio.Server:
    """Listen on an address."""
    return await asyncio.start_server(lambda reader, writer: _Session(mailbox, reader, writer).run(), host, port)


class _No(Exception):
    """A command that is refused; the text says why."""


class _Session:
    def __init__(self, mailbox: Mailbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._mailbox, self._reader, self._writer = mailbox, reader, writer
        self._known = self._selected = self._read_only = False

    async def run(self) -> None:
        """Answer commands until the client leaves."""
        self._say("* OK the sandbox's mailbox")
        try:
            while (line := await self._line()) is not None:
                words = list(_parsed(line))
                if len(words) >= 2 and not await self._answer(str(words[0]), str(words[1]).upper(), words[2:]):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass  # the client is gone, or speaks another language
        finally:
            self._writer.close()

    async def _answer(self, tag: str, name: str, words: Words) -> bool:
        """Answer one command. Returns whether the session goes on."""
        if name == "LOGOUT":
            self._say("* BYE")
            self._say(f"{tag} OK")
            await self._writer.drain()
            return False
        try:
            if name == "UID":
                name, words = f"UID {str(words[0]).upper()}", words[1:]
            self._do(name)(words)
        except _No as error:
            self._say(f"{tag} NO {error}")
        except (ValueError, IndexError, KeyError):
            self._say(f"{tag} BAD cannot be read")
        else:
            mode = "[READ-ONLY] " if self._read_only else "[READ-WRITE] "
            self._say(f"{tag} OK {mode if name in ('SELECT', 'EXAMINE') else ''}done")
        await self._writer.drain()
        return True

    def _do(self, name: str) -> Callable[[Words], None]:
        free: dict[str, Callable[[Words], None]] = {
            "CAPABILITY": lambda _: self._say(f"* CAPABILITY {_CAPABILITIES}"),
            "NOOP": lambda _: None,
            "LOGIN": self._login,
        }
        known: dict[str, Callable[[Words], None]] = {"SELECT": self._select, "EXAMINE": self._examine}
        selected: dict[str, Callable[[Words], None]] = {
            "UID SEARCH": self._search, "UID FETCH": self._fetch, "UID STORE": self._store, "CLOSE": lambda _: None,
        }  # fmt: skip
        here = free | (known if self._known else {}) | (selected if self._selected else {})
        return here[name]

    def _login(self, words: Words) -> None:
        if words[:2] != [USER, PASSWORD]:
            self._mailbox.refused_logins += 1
            raise _No("[AUTHENTICATIONFAILED] wrong name or password")
        self._known = True

    def _examine(self, words: Words) -> None:
        self._open(words, read_only=True)

    def _select(self, words: Words) -> None:
        self._open(words, read_only=False)

    def _open(self, words: Words, *, read_only: bool) -> None:
        if str(words[0]).upper() != "INBOX":
            raise _No("[NONEXISTENT] no such folder")
        self._selected, self._read_only = True, read_only
        self._say(f"* {len(self._mailbox.mails)} EXISTS")
        self._say("* 0 RECENT")
        self._say(f"* FLAGS ({_FLAGS})")
        self._say(f"* OK [PERMANENTFLAGS ({self._mailbox.kept_flags})]")
        self._say(f"* OK [UIDVALIDITY {self._mailbox.validity}]")

    def _search(self, words: Words) -> None:
        tests = list(_tests(words))
        found = [str(mail.uid) for mail in self._mailbox.mails.values() if all(test(mail) for test in tests)]
        self._say(" ".join(["* SEARCH", *found]))

    def _fetch(self, words: Words) -> None:
        items = words[1] if isinstance(words[1], list) else [words[1]]
        for place, mail in self._numbered(str(words[0])):
            parts: list[bytes] = [f"UID {mail.uid}".encode()]
            for item in items:
                parts.append(_fetched(mail, str(item)))
            self._writer.write(b"* %d FETCH (%s)\r\n" % (place, b" ".join(parts)))

    def _store(self, words: Words) -> None:
        if self._read_only or self._mailbox.refuses_marks:
            raise _No("the folder is open for reading only")
        how, flags = str(words[1]).upper(), {str(flag) for flag in words[2]}
        for place, mail in self._numbered(str(words[0])):
            mail.flags = mail.flags | flags if how[0] == "+" else mail.flags - flags if how[0] == "-" else flags
            if not how.endswith(".SILENT"):
                self._say(f"* {place} FETCH (UID {mail.uid} FLAGS ({' '.join(sorted(mail.flags))}))")

    def _numbered(self, wanted: str) -> Iterator[tuple[int, StoredMail]]:
        """Yield the mails of a set of UIDs such as 3,5:9, each with its place."""
        last = max(self._mailbox.mails, default=0)
        spans = []
        for part in wanted.replace("*", str(last)).split(","):
            first, _, end = part.partition(":")
            spans.append(sorted((int(first), int(end or first))))
        for place, mail in enumerate(list(self._mailbox.mails.values()), start=1):
            if any(first <= mail.uid <= end for first, end in spans):
                yield place, mail

    async def _line(self) -> bytes | None:
        """Return a command with its literals in place; None when the client is gone."""
        whole = b""
        while True:
            line = await self._reader.readline()
            if not line:
                return None
            literal = _LITERAL.search(line)
            if literal is None:
                return whole + line
            if len(whole) > _LONGEST_LINE or int(literal[1]) > _LONGEST_LINE:
                raise ValueError("too long")
            if not literal[2]:
                self._say("+ go on")
                await self._writer.drain()
            text = await self._reader.readexactly(int(literal[1]))
            whole += line[: literal.start()] + b'"' + re.sub(rb'(["\\])', rb"\\\1", text) + b'"'

    def _say(self, line: str) -> None:
        self._writer.write(line.encode() + b"\r\n")


def _parsed(line: bytes) -> Iterator[Any]:
    """Yield the words of a command; what is in parentheses is a list."""
    stack: list[Words] = [[]]
    for quoted, opened, closed, atom in _TOKEN.findall(line):
        if opened:
            stack.append([])
        elif closed:
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            word = atom or re.sub(rb"\\(.)", rb"\1", quoted)
            stack[-1].append(word.decode("utf-8", "replace"))
    yield from stack[0]


def _tests(words: Words) -> Iterator[Callable[[StoredMail], bool]]:
    """Yield a test for each criterion of a search."""
    flat = iter([one for word in words for one in (word if isinstance(word, list) else [word])])
    for name in flat:
        match str(name).upper():
            case "ALL":
                continue
            case "UNSEEN":
                yield lambda mail: "\\Seen" not in mail.flags
            case "UNDELETED":
                yield lambda mail: "\\Deleted" not in mail.flags
            case "UNKEYWORD":
                yield _without(str(next(flat)))
            case "SINCE":
                yield _since(_day(str(next(flat))))
            case "HEADER":
                yield _header_test(str(next(flat)), str(next(flat)))
            case _:
                raise ValueError(f"unknown criterion {name}")


def _without(flag: str) -> Callable[[StoredMail], bool]:
    return lambda mail: flag not in mail.flags


def _since(day: date) -> Callable[[StoredMail], bool]:
    return lambda mail: mail.at.date() >= day


def _header_test(name: str, value: str) -> Callable[[StoredMail], bool]:
    return lambda mail: value.lower() in str(message_from_bytes(mail.raw).get(name, "")).lower()


def _day(text: str) -> date:
    return datetime.strptime(text, "%d-%b-%Y").replace(tzinfo=UTC).date()


def _fetched(mail: StoredMail, item: str) -> bytes:
    match item.upper():
        case "UID":
            return b""
        case "FLAGS":
            return f"FLAGS ({' '.join(sorted(mail.flags))})".encode()
        case "INTERNALDATE":
            return f'INTERNALDATE "{mail.at.astimezone(UTC):%d-%b-%Y %H:%M:%S +0000}"'.encode()
        case "RFC822.SIZE":
            return f"RFC822.SIZE {len(mail.raw)}".encode()
    part = _PARTIAL.fullmatch(item)
    if part is None:
        raise ValueError(f"unknown item {item}")
    raw, name = mail.raw, "BODY[]"
    if part[1]:
        raw, name = raw[int(part[1]) : int(part[1]) + int(part[2])], f"BODY[]<{part[1]}>"
    return f"{name} {{{len(raw)}}}\r\n".encode() + raw
