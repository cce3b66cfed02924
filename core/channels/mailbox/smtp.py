"""Send one mail by SMTP, and tell whether a failed attempt may have been accepted.

A server owes an answer to every command. Until the text of the mail is on its way it has accepted nothing; from then on
only its answer says what became of it (RFC 5321, 4.2.5).
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO

from core.channels.mailbox.servers import Encryption, admit, context, failure, network_failure, smtp_server, vet
from core.channels.types import Account, Cause, Diagnosis, ProviderError, SendError, Verdict

# One line for each header but lists of addresses: Python encodes a long message id that it would have to fold.
_ONE_LINE = SMTP.clone(max_line_length=990)
_LINE_BREAK = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"^\.", re.M)
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_UNCERTAIN = Diagnosis(
    Verdict.UNKNOWN,
    Cause.NETWORK,
    "The connection broke after the mail was handed over, so it may have arrived. Look into the mailbox's sent mail or "
    "ask the customer before sending it again.",
)


@contextmanager
def opened(account: Account, *, timeout: float) -> Iterator[smtplib.SMTP]:
    """Yield a connection that is logged in. Raises `SendError`."""
    server = smtp_server(account.credentials["smtp_server"])
    admit(account, server)
    client: smtplib.SMTP | None = None
    try:
        if server.encryption is Encryption.TLS:
            client = smtplib.SMTP_SSL(
                server.host, server.port, _domain(account.identity), timeout=timeout, context=context()
            )
        else:
            client = smtplib.SMTP(server.host, server.port, _domain(account.identity), timeout=timeout)
        vet(account, server, client.sock)
        client.ehlo_or_helo_if_needed()
        if server.encryption is Encryption.STARTTLS:
            client.starttls(context=context())
            client.ehlo_or_helo_if_needed()
        _log_in(client, account)
        yield client
    except smtplib.SMTPNotSupportedError as error:
        raise failure("no_tls", str(error)) from error
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
        raise failure("connect", str(error)) from error
    except smtplib.SMTPResponseException as error:
        raise refusal(error.smtp_code, error.smtp_error) from error
    except OSError as error:  # smtplib's own are among them
        raise network_failure(error) from error
    finally:
        if client is not None:
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()


def _log_in(client: smtplib.SMTP, account: Account) -> None:
    """Log in, unless the server asks nobody to."""
    known = account.credentials
    if not client.has_extn("auth"):
        return
    name = known.get("smtp_username") or known.get("username") or account.identity
    try:
        client.login(name, known.get("smtp_password") or known["password"])
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            raise refusal(error.smtp_code, error.smtp_error) from error
        raise failure("login", _words(error.smtp_error)) from error
    except (smtplib.SMTPNotSupportedError, UnicodeError) as error:
        raise failure("login", str(error)) from error


def send(account: Account, mail: EmailMessage, recipients: Sequence[str], *, timeout: float) -> None:
    """Send a mail once. A copy that is refused stops nothing; the first recipient does. Raises `SendError`."""
    handed_over = False
    try:
        with opened(account, timeout=timeout) as client:
            content = _written(mail, utf8=not all(map(_is_plain, recipients)))
            options = _options(client, recipients, len(content))
            _expect(client.mail(_ascii(account.identity), options))
            _expect(client.rcpt(_ascii(recipients[0])), recipient=True)
            for copy in recipients[1:]:
                client.rcpt(_ascii(copy))
            _expect(client.docmd("DATA"), 354)
            handed_over = True
            client.send(content)
            answer = client.getreply()
            handed_over = answer[0] < 200  # no answer that SMTP knows
            _expect(answer)
    except SendError as error:
        if handed_over:
            lost = ProviderError("disconnected", "Connection lost", error.error.details)
            raise SendError(lost, _UNCERTAIN) from error
        raise


def _is_plain(address: str) -> bool:
    return address.rpartition("@")[0].isascii()


def _written(mail: EmailMessage, *, utf8: bool) -> bytes:
    buffer = BytesIO()
    BytesGenerator(buffer, policy=_ONE_LINE.clone(utf8=utf8)).flatten(mail)
    content = _LINE_BREAK.sub(b"\r\n", buffer.getvalue())
    return _DOT.sub(b"..", content) + (b"" if content.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _options(client: smtplib.SMTP, recipients: Sequence[str], size: int) -> list[str]:
    options = [f"SIZE={size}"] if client.has_extn("size") else []
    if all(map(_is_plain, recipients)):
        return options
    if not client.has_extn("smtputf8"):
        raise SendError(ProviderError("no_utf8", "Address not accepted"), _RECIPIENT)
    return [*options, "SMTPUTF8"]


def _ascii(address: str) -> str:
    return f"{address.rpartition('@')[0]}@{_domain(address)}"


def _domain(address: str) -> str:
    """Return an address's domain as name servers know it. `compose` lets no other through."""
    return address.rpartition("@")[2].encode("idna").decode("ascii")


def _expect(answer: tuple[int, bytes], code: int = 250, *, recipient: bool = False) -> None:
    if answer[0] != code and not (code == 250 and 200 <= answer[0] < 300):
        raise refusal(*answer, recipient=recipient)


def refusal(code: int, said: bytes | str, *, recipient: bool = False) -> SendError:
    """Return the failure that a server's answer means."""
    words = _words(said)
    enhanced = _ENHANCED.search(words)
    named = enhanced[1] if enhanced else str(code)
    return SendError(ProviderError(named, "Mail refused", words[:500]), diagnose(named, recipient=recipient))


_RECIPIENT = Diagnosis(Verdict.PERMANENT, Cause.RECIPIENT, "The customer's address takes no mail. Check it with them.")
_FULL = Diagnosis(Verdict.PERMANENT, Cause.RECIPIENT, "The customer's mailbox is full. Use another channel.")
_LARGE = Diagnosis(Verdict.PERMANENT, Cause.REQUEST, "The mail is too large for the server. Send smaller files.")
_POLICY = Diagnosis(
    Verdict.PERMANENT, Cause.ADMIN, "The mail was refused as unwanted. Check SPF, DKIM and DMARC of our domain."
)
_LATER = Diagnosis(Verdict.RETRYABLE, Cause.PROVIDER, "The mail server cannot take the mail now.")
_SLOW = Diagnosis(Verdict.RETRYABLE, Cause.THROTTLED, "Mails go out faster than the mail server allows.", wait=300)
_LOGIN = failure("login").diagnosis
_REFUSED = Diagnosis(Verdict.PERMANENT, Cause.REQUEST, "The mail server refused the mail. Its words say why.")
# RFC 3463 by subject and detail; a class of 4 may be tried again.
_BY_DETAIL = {
    "1.1": _RECIPIENT, "1.2": _RECIPIENT, "1.3": _RECIPIENT, "1.6": _RECIPIENT, "1.10": _RECIPIENT, "2.1": _RECIPIENT,
    "2.2": _FULL, "2.3": _LARGE, "3.4": _LARGE, "7.0": _POLICY, "7.1": _POLICY, "7.20": _POLICY, "7.23": _POLICY,
    "7.25": _POLICY, "7.26": _POLICY, "7.3": _LOGIN, "7.8": _LOGIN,
}  # fmt: skip
_BY_CODE = {"530": _LOGIN, "535": _LOGIN, "552": _LARGE, "554": _POLICY, "421": _LATER}


def diagnose(code: str, *, recipient: bool = False) -> Diagnosis:
    """Return the meaning of a server's code, plain (550) or enhanced (5.1.1)."""
    if code.startswith("4"):
        return _SLOW if code.endswith((".7.28", ".2.0")) and code.startswith("4.7") else _LATER
    found = _BY_CODE.get(code) or _BY_DETAIL.get(code.partition(".")[2])
    if found is not None:
        return found
    return _RECIPIENT if recipient or code in ("550", "551", "553") else _REFUSED


def _words(said: bytes | str) -> str:
    return " ".join((said.decode("utf-8", "replace") if isinstance(said, bytes) else said).split())
