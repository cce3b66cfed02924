from flask import Flask

from core.config import Settings


def register(settings: Settings) -> Flask:
    return Flask("webhook_app")
