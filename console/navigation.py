"""Pages and the roles that see them. For other roles a page's URL does not exist either."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from console.auth import ADMINISTRATORS, EVERYBODY, MANAGERS
from console.i18n import t
from core.accounts.sessions import CurrentAgent


@dataclass(frozen=True, slots=True)
class _Entry:
    """`app_pages/<name>/page.py`, at the URL /<name>, titled nav.<name>."""

    name: str
    icon: str
    roles: frozenset[str] = EVERYBODY
    group: str = ""  # its menu (titled nav.<group>); "" for the bar itself


_ENTRIES = (
    _Entry("inbox", ":material/inbox:"),
    _Entry("queue", ":material/outbox:"),
    _Entry("saved_replies", ":material/quickreply:"),
    _Entry("analytics", ":material/monitoring:"),
    _Entry("bot", ":material/smart_toy:", MANAGERS, "ai"),
    _Entry("knowledge", ":material/menu_book:", MANAGERS, "ai"),
    _Entry("improve", ":material/school:", MANAGERS, "ai"),
    _Entry("quotes", ":material/request_quote:", group="sales"),
    _Entry("catalogue", ":material/sell:", group="sales"),
    _Entry("health", ":material/ecg_heart:", MANAGERS, "operations"),
    _Entry("monitor", ":material/speed:", MANAGERS, "operations"),
    _Entry("dead_letters", ":material/report:", MANAGERS, "operations"),
    _Entry("webhooks", ":material/webhook:", ADMINISTRATORS, "operations"),
    _Entry("people", ":material/group:", MANAGERS, "settings"),
    _Entry("channels", ":material/cell_tower:", MANAGERS, "settings"),
    _Entry("keys", ":material/key:", ADMINISTRATORS, "settings"),
    _Entry("teams", ":material/groups:", MANAGERS, "settings"),
    _Entry("prices", ":material/payments:", MANAGERS, "settings"),
    _Entry("audit", ":material/history:", MANAGERS, "settings"),
    _Entry("notices", ":material/notifications:"),
    _Entry("account", ":material/person:"),
)

_HIDDEN = ("account", "notices")  # linked beside the menu


def group(page: st.Page) -> str:
    """Return the title of a page's menu, "" for a page in the bar."""
    return next((t(f"nav.{entry.group}") for entry in _ENTRIES if entry.group and entry.name == page.url_path), "")


def build(agent: CurrentAgent) -> tuple[st.Page, st.Page, st.Page, st.Page | None]:
    """Return the requested page and those linked from everywhere: account, notices, health for managers."""
    pages: dict[str, list[st.Page]] = {}
    known: dict[str, st.Page] = {}
    for entry in _ENTRIES:
        if agent.role not in entry.roles:
            continue
        page = st.Page(
            f"app_pages/{entry.name}/page.py", title=t(f"nav.{entry.name}"), icon=entry.icon, url_path=entry.name,
            default=entry.name == "inbox", visibility="hidden" if entry.name in _HIDDEN else "visible",
        )  # fmt: skip
        pages.setdefault(t(f"nav.{entry.group}") if entry.group else "", []).append(page)
        known[entry.name] = page
    return st.navigation(pages, position="top"), known["account"], known["notices"], known.get("health")
