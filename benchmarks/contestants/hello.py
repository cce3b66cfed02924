"""As little as Flask can do: read the body and answer."""

from __future__ import annotations

from flask import Flask, Response, request

app = Flask(__name__)


@app.post("/api/webhooks/whatsapp")
def hello() -> Response:
    """Acknowledge without doing anything: the floor of any web app."""
    request.get_data(cache=False)
    return Response(b'{"status":"received"}', mimetype="application/json")
