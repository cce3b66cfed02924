"""Settings that are wrong are told in plain words."""

from __future__ import annotations

import re

import pytest

from core.config import Settings, load
from core.errors import ConfigurationError


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("whatsapp_api_version", "26", "WHATSAPP_API_VERSION is wrong: it must look like v26.0."),
        ("web_port", "http", "WEB_PORT is wrong: it must be a whole number."),
        ("web_port", "70000", "WEB_PORT is wrong: it must be 65535 or less."),
        ("log_level", "loud", "LOG_LEVEL is wrong: it must be one of DEBUG, INFO, WARNING, ERROR."),
        ("sandbox", "maybe", "SANDBOX is wrong: it must be true or false."),
        ("retry_waits", "soon", "RETRY_WAITS is wrong: it must be a number."),
    ],
)
def test_a_wrong_setting_says_what_it_must_be(name: str, value: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(**{name: value})
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_no_setting_is_told_in_a_librarys_words(name: str) -> None:
    for value in ("ñ ñ", "-1", "9" * 400, "1e999", "nan", ",", "[]", "http://[", "x"):
        try:
            load(**{name: value})
        except ConfigurationError as error:
            assert re.match(rf"{name.upper()} is wrong: (it|a|number|each)\b", str(error)), error
            assert not re.search(r"Input|should|valid |pattern|String|pydantic", str(error)), error
