"""Signed links for providers: each gives one file, for a limited time, and cannot be guessed."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from cryptography.fernet import Fernet

from core.messaging.attachments import links, uploads
from core.platform import object_storage, signing
from core.platform.config import get_settings
from core.platform.db import transaction
from tests.support.database import one

PDF = b"%PDF-1.7 price list" * 40_000


@pytest.fixture
def file_id(business: Any) -> int:
    upload = uploads.keep(business.business_id, io.BytesIO(PDF), "application/pdf", "Lista de precios.pdf")
    with transaction(business.business_id) as session:
        return uploads.record(session, upload)


def path_of(business_id: int, file_id: int) -> str:
    return links.link("https://desk.example", business_id, file_id, "Lista.pdf").removeprefix("https://desk.example")


def test_a_link_gives_its_file(client: Any, business: Any, file_id: int) -> None:
    path = path_of(business.business_id, file_id)
    answer = client.get(path)
    assert (answer.status_code, answer.data, answer.content_type) == (200, PDF, "application/pdf")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == 'inline; filename="Lista-de-precios.pdf"'
    assert client.head(path).content_length == len(PDF)
    object_storage.delete(one("SELECT storage_key FROM attachments"))
    assert client.get(path).status_code == 404


def test_an_address_keeps_the_letters_of_a_name() -> None:
    for name, plain in (("tabela de preços.pdf", "tabela-de-precos.pdf"), ("Menú año 2.pdf", "Menu-ano-2.pdf")):
        assert links.plain_name(name) == plain


def test_no_other_link_gives_anything(
    client: Any, business: Any, file_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(business.business_id, file_id)
    token = path.split("/")[3]
    owner, number, until, signature = token.split(".")
    other = one("INSERT INTO businesses (name) VALUES ('Other') RETURNING id")
    for forged in (
        f"{other}.{number}.{until}.{signature}",
        f"{owner}.{int(number) + 1}.{until}.{signature}",
        f"{owner}.{number}.{int(until) + 999}.{signature}",
        f"{owner}.{number}.{until}.{'0' * 64}",
        f"{owner}.{number}.{until}.{signature[:-1]}é",
        f"{owner}.{number}.{until}",
        "..%2f..%2fetc%2fpasswd",
        str(file_id),
    ):
        assert client.get(f"/api/files/{forged}/x.pdf").status_code == 404, forged
    assert client.get(path_of(other, file_id)).status_code == 404
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + links.LIFE_SECONDS + 1)
    assert client.get(path).status_code == 410


def test_a_link_outlives_the_key_that_signed_it(
    client: Any, business: Any, file_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(business.business_id, file_id)
    settings = get_settings()
    for keys, status in (([Fernet.generate_key().decode(), *settings.encryption_keys], 200), (["x" * 43 + "="], 404)):
        signing.signing_keys.cache_clear()
        changed = settings.model_copy(update={"encryption_keys": keys})
        monkeypatch.setattr(signing, "get_settings", lambda changed=changed: changed)
        assert client.get(path).status_code == status
    signing.signing_keys.cache_clear()
