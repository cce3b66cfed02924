"""What is done about channels. A provider is asked before its credentials are kept, never inside a transaction."""

from __future__ import annotations

from console import auth
from console.actions.people import change as write
from console.store import transaction
from core import bell
from core.business import channel_changes, channels
from core.business.channel_changes import ChannelEdit
from core.channels.base import Account, Kind, Provider
from core.errors import BotHubError
from core.health import checks
from core.health.checks import Answer
from core.models import ChannelState


class ProviderRefused(BotHubError):
    """The provider does not accept the account; the text is its own, and what to do. `detail` is its own alone."""

    def __init__(self, detail: str, advice: str) -> None:
        super().__init__(" ".join(filter(None, (f"{detail}.", advice))))
        self.detail = detail


def test(channel_id: int) -> Answer:
    """Ask the provider about a channel now. Raises `NotAllowed`, `NotFound`."""
    agent = auth.require(*auth.MANAGERS, fresh=True)
    with transaction(agent.business_id) as session:
        account = channels.account_here(session, channel_id)
    answer = checks.ask(account)
    with transaction(agent.business_id) as session:
        checks.remember(session, channel_id, answer)
    return answer


def add(provider: Provider, kind: Kind, identity: str, edit: ChannelEdit) -> int:
    """Make a channel that its provider accepts. Returns its id.

    Raises `NotAllowed`, `UnacceptableChannel`, `ProviderRefused`, `ChannelTaken`.
    """
    auth.require(*auth.ADMINISTRATORS, fresh=True)
    spec = channel_changes.spec_of(provider, kind, identity, edit)
    answer = _accepted(channel_changes.account_for(spec))
    channel_id = write(lambda *known: channel_changes.add(*known, spec, edit))
    write(lambda session, *_: checks.remember(session, channel_id, answer))
    return channel_id


def change(channel_id: int, edit: ChannelEdit) -> None:
    """Raises `NotAllowed`, `NotFound`, `UnacceptableChannel`, `ProviderRefused`."""
    account = write(lambda session, *_: channel_changes.account_after(session, channel_id, edit))
    before = write(lambda session, *_: channels.account_here(session, channel_id))
    answer = _accepted(account) if account != before else None
    write(lambda *known: channel_changes.change(*known, channel_id, edit))
    if answer is not None:
        write(lambda session, *_: checks.remember(session, channel_id, answer))
    channels.forget()


def set_state(channel_id: int, state: str, reason: str | None = None) -> None:
    """`state` is one of `ChannelState`. Raises `NotAllowed`, `NotFound`, `Conflict`."""
    write(lambda *known: channel_changes.set_state(*known, channel_id, ChannelState(state), reason))
    if state == ChannelState.ACTIVE:
        bell.ring()


def _accepted(account: Account) -> Answer:
    answer = checks.ask_for_new(account)
    if not answer.well:
        raise ProviderRefused(answer.detail, answer.advice)
    return answer
