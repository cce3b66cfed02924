"""Commands of the channels page. Credentials are checked with the provider before saving, outside any transaction."""

from __future__ import annotations

from console import auth
from console.db import transaction
from console.writing import as_administrator
from core.channels.provider import ProbeResult
from core.channels.types import Account, Kind
from core.messaging.channels import accounts, admin
from core.messaging.channels.admin import ChannelEdit
from core.models import ChannelState
from core.monitoring import probes
from core.platform import job_queue
from core.platform.errors import BotHubError


class ProviderRefused(BotHubError):
    """The provider rejects the account. The text is the provider's plus advice; `detail` is the provider's alone."""

    def __init__(self, detail: str, advice: str) -> None:
        super().__init__(" ".join(filter(None, (f"{detail}.", advice))))
        self.detail = detail


def test(channel_id: int) -> ProbeResult:
    """Check a channel with its provider now. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.scope) as session:
        account = accounts.account_here(session, channel_id)
    answer = probes.probe(account)
    with transaction(agent.scope) as session:
        probes.save_result(session, channel_id, answer)
    return answer


def add(provider: str, kind: Kind, identity: str, edit: ChannelEdit) -> int:
    """Create a channel after checking it with the provider. Return its id.

    Raises `NotAllowed`, `UnacceptableChannel`, `ProviderRefused`, `Conflict`.
    """
    auth.require(*auth.ADMINISTRATORS, fresh=True)
    spec = admin.spec_of(provider, kind, identity, edit)
    answer = _accepted(admin.account_for(spec))
    channel_id = as_administrator(admin.add, spec, edit)
    as_administrator(lambda session: probes.save_result(session, channel_id, answer))
    return channel_id


def change(channel_id: int, edit: ChannelEdit) -> None:
    """Update a channel. Raises `NotAllowed`, `NotFound`, `UnacceptableChannel`, `ProviderRefused`."""
    account = as_administrator(lambda session: admin.account_after(session, channel_id, edit))
    before = as_administrator(lambda session: accounts.account_here(session, channel_id))
    answer = _accepted(account) if account != before else None
    as_administrator(admin.change, channel_id, edit)
    if answer is not None:
        as_administrator(lambda session: probes.save_result(session, channel_id, answer))
    accounts.forget()


def set_state(channel_id: int, state: str, reason: str | None = None) -> None:
    """Set the state, a `ChannelState`. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    as_administrator(admin.set_state, channel_id, ChannelState(state), reason)
    if state == ChannelState.ACTIVE:
        job_queue.wake_worker()


def _accepted(account: Account) -> ProbeResult:
    answer = probes.probe_new(account)
    if not answer.well:
        raise ProviderRefused(answer.detail, answer.advice)
    return answer
