"""Mails that go out hold the headers and recipients that we gave them, whatever the mails before them said."""

from __future__ import annotations

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.channels.mailbox.compose import compose
from core.channels.mailbox.headers import Mailbox, ids, mailboxes, plain
from core.channels.types import Account, InvalidMessage, Kind, MailThread, Outgoing, OutgoingFile

_OUR_ID = "<bothub.1.00000000@shop.example>"
_OURS = {
    "from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "auto-submitted",
    "x-auto-response-suppress", "mime-version", "content-type", "content-transfer-encoding", "content-disposition",
}  # fmt: skip
_INJECTED = "a\r\nX-Injected: yes\r\n\r\nBODY"
_WORDS = (
    "=?utf-8?q?a=0d=0aX-Injected:_yes=0d=0a=0d=0aBODY?=",
    f"=?utf-8?b?{base64.b64encode(_INJECTED.encode()).decode()}?=",
    "=\u200b?utf-8?q?a=0d=0aX-Injected:_yes?=",
    "=\x00?utf-8?q?a=0aX-Injected:_yes?=",
    "utf-8''a%0d%0aX-Injected:%20yes",
    _INJECTED,
)
_hostile = st.lists(st.one_of(st.sampled_from(_WORDS), st.text(max_size=30)), max_size=4).map("".join)
_hostile_ids = st.lists(_hostile.map(lambda text: f"<{text}@x.example>"), max_size=3).map(tuple)


def _mail(thread: MailThread, *, to: str = "ana@x.example", name: str = "", **given_parts: object) -> EmailMessage:
    file = given_parts.get("file")
    content = {"type": "text", "text": "hola"}
    if file:
        content = {"type": "document", "media": {"attachment_id": 1, "caption": "hola"}}  # type: ignore[dict-item]
    account = Account("mailbox", Kind.EMAIL, "tienda@shop.example", {"from_name": name})
    reply_to = given_parts.get("reply_to")
    outgoing = Outgoing(
        1, to, str(content["type"]), content, str(reply_to) if reply_to else None,
        {1: file} if isinstance(file, OutgoingFile) else {}, thread,
    )  # fmt: skip
    return compose(account, outgoing, _OUR_ID)


def _as_read(mail: EmailMessage) -> Message:
    """Return the mail as any other program reads what is written, one line for each header."""
    return message_from_bytes(mail.as_bytes(policy=policy.SMTP.clone(max_line_length=990)), policy=policy.compat32)


@given(_hostile, _hostile, _hostile, _hostile, _hostile_ids, _hostile)
def test_no_value_of_a_header_becomes_another_header(
    subject: str, name: str, filename: str, mime_type: str, references: tuple[str, ...], reply_to: str
) -> None:
    thread = MailThread(subject, references, ("copia@x.example",), automatic=True)
    file = OutgoingFile(filename=filename, mime_type=mime_type, content=b"x")
    mail = _mail(thread, name=name, reply_to=f"<{reply_to}@x.example>", file=file)
    read = _as_read(mail)
    names = [key.lower() for key in read]
    assert set(names) <= _OURS and len(names) == len(set(names))
    text, attached = [part for part in read.walk() if not part.is_multipart()]
    assert {key.lower() for part in (text, attached) for key in part} <= _OURS
    assert str(text.get_payload()).strip() == "hola" and attached.get_payload(decode=True) == b"x"


@pytest.mark.parametrize("word", _WORDS)
def test_an_id_that_holds_an_encoded_word_is_none(word: str) -> None:
    mail = Message()
    mail.set_raw("References", f"<a@b.example> <{word}@x.example> <c@d.example>")
    assert not [one for one in ids(mail, "References") if "=?" in one]


@pytest.mark.parametrize("word", _WORDS)
def test_an_address_that_a_header_would_change_is_sent_nothing(word: str) -> None:
    with pytest.raises(InvalidMessage):
        _mail(MailThread("Hola"), to=f"{word}{_WORDS[0]}@x.example")
    assert "Cc" not in _mail(MailThread("Hola", copies=(f"{_WORDS[0]}@x.example", ".a@x.example")))


@given(st.lists(st.text(alphabet="abc.+'-", min_size=1, max_size=9).filter(lambda name: name[0] != "."), max_size=5))
def test_the_copies_are_the_addresses_given(names: list[str]) -> None:
    addresses = [f"{name}@x.example" for name in names]
    mail = _mail(MailThread("Hola", copies=tuple(addresses)), to="cliente@y.example")
    written = [f"{one.username}@{one.domain}" for one in mail["Cc"].addresses] if "Cc" in mail else []
    assert written == list(dict.fromkeys(addresses))


@given(st.text(max_size=40))
def test_a_name_is_never_read_as_an_address(name: str) -> None:
    written = Mailbox("ana@new.example", plain(name)).written
    assert parseaddr(written)[1] == "ana@new.example"


@pytest.mark.parametrize(
    ("written", "address"),
    [('"ana@old.example" <ana@new.example>', "ana@new.example"), ('"(x" <b@x.example>', "b@x.example")],
)
def test_who_is_written_with_a_strange_name_is_one_person(written: str, address: str) -> None:
    mail = Message()
    mail["Cc"] = written
    (one,) = mailboxes(mail, "Cc")
    assert one.address == address == parseaddr(one.written)[1]
