"""What the stand-in model writes for agents: from what it was given, and honest about what it cannot."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.bots.llm.client import ModelClient
from core.bots.llm.wire_format import ApiStyle
from core.bots.model_prices import load_prices
from core.bots.settings import BotSettings
from core.replies.copilot import Request, Task, help_with
from core.types import BusinessFacts, Passage, Role, Turn
from sandbox.openai_writing import wrote
from sandbox.settings import Settings

KNOWN = """# Passages
[kb-3] ¿Tienen leche de avena?
| Sí, hay leche de avena sin costo."""
TALK = (
    "# The conversation\nCustomer:\n| ¿Tienen leche de avena?\nBot:\n| Un momento.\nCustomer:\n| ¿Y de avena hay hoy?"
)


def asked(task: str, text: str = "", *more: str) -> dict[str, object]:
    typed = "# The colleague's text\n" + "\n".join(f"| {line}" for line in text.splitlines())
    found = wrote(f"copilot_{task}", KNOWN, [("user", "\n\n".join([TALK, typed, *more]))])
    assert found is not None
    return found


def test_a_draft_from_a_passage() -> None:
    drafted = asked("draft")
    assert "avena sin costo" in str(drafted["text"])
    assert drafted["sources"] == ["kb-3"]


def test_a_summary_has_who_said_what() -> None:
    assert "Bot: Un momento." in str(asked("summarise")["text"])


def test_a_text_is_mended() -> None:
    assert asked("improve", "hola  ana , ya sale")["text"] == "Hola ana, ya sale."


def test_a_text_is_shortened_without_its_courtesies() -> None:
    short = asked(
        "shorten", "Hola, espero que estés bien. Tu pedido sale hoy. Mañana te escribo otra vez para contarte."
    )
    assert short["text"] == "Tu pedido sale hoy."


def test_it_says_that_it_cannot_translate() -> None:
    said = asked("translate", "We are open today")
    assert said["text"] == "We are open today"
    assert "cannot translate" in str(said["doubt"])


def test_tags_are_those_whose_words_were_said() -> None:
    assert asked("tags", "", "# The tags\n| leche\n| pagos")["tags"] == ["leche"]


@pytest.mark.parametrize("name", ["support_answer", "copilot_dance", ""])
def test_other_names_are_not_its_business(name: str) -> None:
    assert wrote(name, KNOWN, [("user", TALK)]) is None


@pytest.mark.parametrize("style", list(ApiStyle))
def test_it_understands_what_the_copilot_asks(base_url: str, settings: Settings, style: ApiStyle) -> None:
    oats = Passage("kb-3", "¿Tienen leche de avena?", "Sí, hay leche de avena sin costo.", 0.9)
    client = ModelClient(settings.openai_api_key, "gpt-6-luna", base_url=f"{base_url}/v1", style=style)
    request = Request(
        task=Task.DRAFT,
        settings=BotSettings(),
        business=BusinessFacts("Café Sol"),
        turns=(Turn(Role.CUSTOMER, "¿Tienen leche de avena?", datetime.now(UTC)),),
        prices=load_prices(),
        bot_ref="bot-1",
        contact_ref="contact-1",
        passages=(oats,),
    )
    found = help_with(request, client)
    client.close()
    assert found.failed is None, found.trace.error
    assert (found.text, found.sources) == ("Sí, hay leche de avena sin costo.", (oats,))
    assert found.trace.cost is not None


def test_an_entry_is_made_of_what_colleagues_answered() -> None:
    said = "# The customers' questions\n| ¿Arreglan violines?\n\n# The colleagues' answers\n| sí\n| sí , en una semana"
    assert wrote("suggested_entry", "", [("user", said)]) == {
        "question": "¿Arreglan violines?", "answer": "Sí, en una semana.",
    }  # fmt: skip
    nobody = said.partition("# The colleagues' answers")[0]
    found = wrote("suggested_entry", "", [("user", nobody)])
    assert found is not None
    assert found["answer"] == ""
