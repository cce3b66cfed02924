"""The transaction that the reads of one pane share."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from console.reading import reading, together
from core.platform.errors import StoreUnavailable
from tests.support.database import rows


def test_reads_share_a_transaction(business) -> None:
    with together():
        with reading(business.business_id) as first:
            pass
        with reading(business.business_id) as second:
            assert second is first


def test_a_read_that_lost_its_connection_says_so_and_the_next_one_begins_anew(business) -> None:
    with together():
        with pytest.raises(StoreUnavailable), reading(business.business_id) as lost:
            rows("SELECT pg_terminate_backend(:pid)", pid=lost.scalar(text("SELECT pg_backend_pid()")))
            lost.scalar(text("SELECT 1"))
        with reading(business.business_id) as other:
            assert other.scalar(text("SELECT count(*) FROM businesses")) == 1


def test_what_somebody_asked_for_wrongly_ends_no_transaction(business) -> None:
    with together():
        with pytest.raises(LookupError), reading(business.business_id) as first:
            raise LookupError
        with reading(business.business_id) as second:
            assert second is first
