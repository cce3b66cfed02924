"""Fix for Streamlit timers that repeat button clicks."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

_PRESSED = ("trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value")


class TimersPressNothing:
    """Middleware that removes button clicks from the requests of a fragment's `run_every`.

    A browser sends a click in a separate task (Streamlit 1.67, `scheduleFlush`). A timer that fires between the click
    and that task sends the click too, and its callback would run twice: two keys created, two bots.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or scope["path"] != "/_stcore/stream":
            await self.app(scope, receive, send)
            return

        async def receive_unpressed() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and message.get("bytes"):
                message["bytes"] = unpressed(message["bytes"])
            return message

        await self.app(scope, receive_unpressed, send)


def unpressed(sent: bytes) -> bytes:
    """Return a browser's message to Streamlit, without clicks if a timer sent it."""
    message = BackMsg.FromString(sent)
    if not message.rerun_script.is_auto_rerun:
        return sent
    widgets = message.rerun_script.widget_states.widgets
    kept = [one for one in widgets if one.WhichOneof("value") not in _PRESSED]
    if len(kept) == len(widgets):
        return sent
    del widgets[:]
    widgets.extend(kept)
    rewritten: bytes = message.SerializeToString()
    return rewritten
