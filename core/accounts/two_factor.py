"""Two-factor authentication: time-based codes of an authenticator app (RFC 6238) and recovery codes.

Each code works once: the time step of the last code is stored, and a used recovery code is deleted.
"""

from __future__ import annotations

import hmac
import secrets
import time

import pyotp
from sqlalchemy.orm import Session

from core.accounts import audit_log
from core.models import Agent
from core.platform.errors import Invalid, NotFound

RECOVERY_CODES = 10
_ISSUER = "BotHub"
_STEP_SECONDS = 30
_DRIFT = (0, -1, 1)  # time steps accepted: clocks differ by some seconds, and typing takes time


def new_secret() -> str:
    """Return a secret for an authenticator app, in base32. It is stored only by `enrol`."""
    return pyotp.random_base32()


def address(secret: str, email: str) -> str:
    """Return the provisioning URI that the app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_ISSUER)


def enrol(session: Session, agent_id: int, secret: str, code: str) -> list[str]:
    """Enable two-factor login, after a first code proves that the app has the secret. Returns the recovery codes.

    Raises:
        NotFound: no such agent.
        Invalid: the app has another secret, or its clock is wrong.
    """
    step = _step_of(secret, code, after=0)
    if step is None:
        raise Invalid("wrong_code", "That code is not right. Check the clock of your phone, and type the newest code.")
    agent = _get(session, agent_id)
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(RECOVERY_CODES)]
    agent.totp = {"secret": secret, "step": str(step), "recovery": " ".join(codes)}
    session.flush()
    audit_log.record_on(agent, "second_factor.enrol")
    return codes


def check(agent: Agent, code: str) -> bool:
    """Check and consume a code of an agent whose row is locked. The caller flushes and counts failures."""
    totp = dict(agent.totp or {})
    typed = code.strip().replace(" ", "").lower()
    if not totp:
        return False
    if (step := _step_of(totp["secret"], typed, after=int(totp["step"]))) is not None:
        agent.totp = totp | {"step": str(step)}
        return True
    left = totp["recovery"].split()
    for one in left:
        if hmac.compare_digest(one.encode(), typed.encode()):
            agent.totp = totp | {"recovery": " ".join(other for other in left if other != one)}
            audit_log.record_on(agent, "second_factor.recovery", left=len(left) - 1)
            return True
    return False


def remove(session: Session, agent_id: int) -> None:
    """Disable two-factor login. Raises `NotFound`."""
    agent = _get(session, agent_id)
    agent.totp = None
    session.flush()
    audit_log.record(session, "second_factor.remove", f"agent:{agent_id}")


def _step_of(secret: str, code: str, *, after: int) -> int | None:
    """Return the time step of a code if it is later than `after`, else None."""
    now = int(time.time()) // _STEP_SECONDS
    for step in (now + drift for drift in _DRIFT):
        expected = pyotp.TOTP(secret).at(step * _STEP_SECONDS)
        if step > after and hmac.compare_digest(expected.encode(), code.strip().encode()):
            return step
    return None


def _get(session: Session, agent_id: int) -> Agent:
    agent = session.get(Agent, agent_id, with_for_update=True)
    if agent is None:
        raise NotFound(f"No agent {agent_id}.")
    return agent
