"""Redraws by timer press no buttons."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

_PRESSED = ("trigger_value", "string_trigger_value", "chat_input_value", "json_trigger_value")


class TimersPressNothing:
    """Takes what was pressed out of the requests that a fragment's `run_every` makes.

    A browser tells of a click in a task of its own (Streamlit 1.67, `scheduleFlush`). A timer whose turn comes between
    the click and that task sends the click as well, and its callback would run twice: two keys made, two bots.
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
    """What a browser sent to Streamlit; without what was pressed, if a timer sent it."""
    message = BackMsg.FromString(sent)
    if not message.rerun_script.is_auto_rerun:
        return sent
    widgets = message.rerun_script.widget_states.widgets
    kept = [one for one in widgets if one.WhichOneof("value") not in _PRESSED]
    if len(kept) == len(widgets):
        return sent
    del widgets[:]
    widgets.extend(kept)
    return message.SerializeToString()
