"""The former place of what tests.support has now."""

from tests.support.database import column as column
from tests.support.database import force_rescans as force_rescans
from tests.support.database import one as one
from tests.support.database import rows as rows
from tests.support.database import start_postgres as start_postgres
from tests.support.inbound import customer_writes as customer_writes
from tests.support.inbound import receive as receive
from tests.support.inbound import store as store
from tests.support.outbox import LEASE as LEASE
from tests.support.outbox import claim as claim
from tests.support.outbox import claim_one as claim_one
from tests.support.outbox import due_now as due_now
from tests.support.outbox import ids as ids
from tests.support.outbox import say as say
from tests.support.outbox import send_all as send_all
from tests.support.outbox import stored_message as message

__all__ = ["message"]
