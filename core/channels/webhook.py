"""A provider's webhooks, and what is stored of them: without a web framework, and without knowing which provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.channels.types import Parsed


@dataclass(frozen=True, slots=True)
class EventBody:
    """A stored event: the body as it came, with what is needed to read it."""

    body: bytes
    content_type: str
    query: str
    received_at: datetime


Parser = Callable[[EventBody], Iterator[Parsed]]


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that may be signed. `urls` are the spellings of its address that the provider may have signed."""

    body: bytes
    content_type: str
    signature: str
    urls: Sequence[str]


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """The answer to an event that is stored."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address at which a provider posts events of `source`, a key of `Provider.sources`.

    `paths`: the first is the one to give to the provider. A path may be shared: a request belongs to the webhook whose
    `signature_header` it has. `looks_signed` reads that header alone, before the body; `verify` says whether a secret
    signed the request; `fault` names what is wrong with a body that no parser could read, "" if nothing. `signs_url`:
    the signature covers the query, which is stored only then, because it is part of what makes a redelivery.
    """

    source: str
    paths: Sequence[str]
    signature_header: str
    looks_signed: Callable[[str], bool]
    verify: Callable[[SignedRequest, str], bool]
    largest_body: int
    answer: WebhookAnswer
    fault: Callable[[bytes], str] = lambda _: ""
    signs_url: bool = False


@dataclass(frozen=True, slots=True)
class Challenge:
    """A provider's GET request to a new webhook, proved by the credential `credential`, which we make up.

    `answer` returns the body to answer with if the request holds the token, else None.
    """

    credential: str
    answer: Callable[[Mapping[str, str], str], str | None]
