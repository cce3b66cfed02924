"""Download customers' files from the provider and store them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from core.channels import vcard
from core.channels.media_types import bare
from core.channels.ssrf import UnsafeUrl, guard, origin
from core.channels.types import Download, MediaError
from core.messaging.attachments import downloads
from core.messaging.channels.accounts import account, channel
from core.platform import object_storage
from core.platform.db import system_transaction, transaction
from core.platform.db_retry import retry_until_available


def claim(limit: int) -> Sequence[downloads.PendingFile]:
    """Claim up to `limit` files that are due."""
    with system_transaction() as session:
        return downloads.claim(session, limit)


def fetch(file: downloads.PendingFile) -> None:
    """Download one file, store it, and record the outcome."""
    try:
        download = channel(file.channel_id).fetch(file.media, object_storage.scratch_folder(), _guard(file.channel_id))
    except MediaError as error:
        _record(partial(downloads.record_failure, file=file, error=error), file.business_id)
        return
    except UnsafeUrl as error:
        _record(
            partial(downloads.record_failure, file=file, error=MediaError(str(error), permanent=True)), file.business_id
        )
        return
    cards = _cards(download)
    try:
        object_storage.put(file.storage_key, download.path)
    finally:
        download.path.unlink(missing_ok=True)
    _record(partial(downloads.record_stored, file=file, download=download), file.business_id)
    if cards:
        _record(partial(downloads.record_card, file=file, cards=cards), file.business_id)


def _cards(download: Download) -> list[dict[str, Any]]:
    """Return the contacts in a vCard file (Twilio sends shared contacts as such files)."""
    if bare(download.mime_type) not in vcard.TYPES:
        return []
    with download.path.open("rb") as content:
        return vcard.contacts(content.read(vcard.LARGEST))


def _record(write: partial[None], business_id: int) -> None:
    def once() -> None:
        with transaction(business_id) as session:
            write(session)

    retry_until_available(once)


def _guard(channel_id: int) -> partial[None]:
    """Allow public addresses and the channel's provider (the sandbox may run on this machine)."""
    url = account(channel_id).api_url
    return partial(guard, allowed_origins={origin(url)} if url.startswith("http") else ())
