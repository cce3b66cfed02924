"""The stand-in language model: it answers from what its prompt says, or says plainly that it cannot."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from sandbox.openai_data import statements
from sandbox.openai_facts import Fact, Prompt
from sandbox.openai_index import Index
from sandbox.words import LANGUAGES, SUBJECT_NAMES, fold, language_of, tokens

FOUND = 0.55
ANSWER_LENGTH = 420

_GREETING = re.compile(
    r"\b(?:hola|buen[oa]s?(?: dias| tardes| noches)?|hello|hi|hey|good (?:morning|afternoon|evening)|oi|ola|bom dia"
    r"|boa (?:tarde|noite)|que tal)\b"
)
_THANKS = re.compile(r"\b(?:gracias|thank(?:s| you)|obrigad[oa]|valeu)\b")
_BYE = re.compile(r"\b(?:adios|hasta luego|nos vemos|chau|chao|bye|goodbye|see you|tchau|ate (?:logo|mais))\b")
_ABILITY = re.compile(
    r"(?:que (?:puedes|sabes) hacer|en que (?:me )?(?:puedes|puede) ayudar|quien eres|what can you do|who are you"
    r"|how can you help|o que voce (?:faz|pode fazer)|como (?:voce )?pode (?:me )?ajudar|quem e voce)"
)
_PERSON = re.compile(
    r"\b(?:(?:hablar|comunic\w+|pas\w+|atienda|contact\w+)\b.{0,25}"
    r"\b(?:persona|humano|agente|asesor\w*|alguien|ejecutivo)"
    r"|(?:talk|speak|chat|connect|transfer)\b.{0,25}\b(?:person|human|agent|someone|representative)"
    r"|(?:falar|transfer\w+)\b.{0,25}\b(?:pessoa|humano|atendente|alguem)"
    r"|(?:una? )?(?:persona|humano|agente) (?:real|por favor)|real person|pessoa real)\b"
)
_GOOD = re.compile(
    r"\b(?:gracias|genial|excelente|perfecto|feliz|encant\w+|great|thanks|thank|love|perfect|awesome|obrigad[oa]"
    r"|otimo|maravilh\w+)\b"
)
_BAD = re.compile(
    r"\b(?:mal[oa]?|pesim\w+|horrible|enojad\w+|enfadad\w+|molest\w+|queja\w*|nunca lleg\w+|terrible|angry|awful|worst"
    r"|bad|upset|complain\w*|pessim\w+|irritad\w+|reclam\w+|ruim)\b"
)

_SAYS = {
    "es": {
        "greeting": "¡Hola! Soy el asistente de {name}. ¿En qué le puedo ayudar?",
        "thanks": "¡Con gusto! Si necesita algo más, aquí estoy.",
        "bye": "¡Hasta luego! Gracias por escribir a {name}.",
        "ability": "Puedo responder preguntas sobre {name}{subjects}. Si lo prefiere, le paso con una persona.",
        "person": "Claro, le paso con una persona de {name}. En breve le atienden.",
        "unknown": "No tengo ese dato. Soy el modelo de pruebas del sandbox y solo sé lo que {name} me ha contado.",
        "reason": "El cliente pide hablar con una persona",
        "us": "nuestro equipo",
        "customer": "Cliente",
        "agent": "Respuesta",
    },
    "en": {
        "greeting": "Hello! I'm the assistant of {name}. How can I help you?",
        "thanks": "You're welcome! If there is anything else, just write.",
        "bye": "Goodbye, and thank you for writing to {name}.",
        "ability": "I can answer questions about {name}{subjects}. If you prefer, I'll bring in a person.",
        "person": "Of course, I'll bring in a person from {name}. They will be with you shortly.",
        "unknown": "I don't have that information. I'm the sandbox's stand-in model and know only what {name} told me.",
        "reason": "The customer asks for a person",
        "us": "our team",
        "customer": "Customer",
        "agent": "Answer",
    },
    "pt": {
        "greeting": "Olá! Sou o assistente de {name}. Como posso ajudar?",
        "thanks": "Por nada! Se precisar de algo mais, é só escrever.",
        "bye": "Até logo! Obrigado por escrever para {name}.",
        "ability": "Posso responder perguntas sobre {name}{subjects}. Se preferir, chamo uma pessoa.",
        "person": "Claro, vou chamar uma pessoa de {name}. Em breve você será atendido.",
        "unknown": "Não tenho essa informação. Sou o modelo de testes do sandbox e só sei o que {name} me contou.",
        "reason": "O cliente pede para falar com uma pessoa",
        "us": "nossa equipe",
        "customer": "Cliente",
        "agent": "Resposta",
    },
}
_INTENTS = (("ability", _ABILITY), ("bye", _BYE), ("thanks", _THANKS), ("greeting", _GREETING))

_NAME = re.compile(
    r"(?:\b(?:business|company|store)(?: name)?|\bnombre(?: del? (?:negocio|la empresa|empresa))?"
    r"|\b(?:negocio|empresa|tienda|loja)|\bnome(?: d[aoe] (?:empresa|negocio))?|^\|? ?name)"
    r"\s*[:=]\s*[\"«]?(?P<a>[^\n\"»<;|]{2,60})"
    r"|\bcustomers of (?P<d>[^\n]{2,60}?)(?: in a chat)?\.?$"
    r"|\b(?:assistant|bot|agent|asistente|agente|atendente|assistente)(?: virtual)?"
    r" (?:of|for|at|de|del|da|do|para) [\"«]?(?P<b>[^\n.,;\"»<]{2,60})"
    r"|<business[^>]*\bname=\"(?P<c>[^\"]+)\"",
    re.I | re.M,
)
_TOLD_LANGUAGE = {
    "es": re.compile(r"\b(?:spanish|espanol|idioma: es|language: es|\"language\": \"es)"),
    "en": re.compile(r"\b(?:in english|en ingles|em ingles|idioma: en|language: en|\"language\": \"en)"),
    "pt": re.compile(r"\b(?:portuguese|portugues|idioma: pt|language: pt|\"language\": \"pt)"),
}
_ORDERED_LANGUAGE = re.compile(
    r"\b(?:always|only) (?:write|reply|answer|respond) in (spanish|english|(?:brazilian )?portuguese)"
)


_WHOLE = 160  # characters up to which a passage is said as it is


@dataclass(slots=True)
class Thought:
    """An answer with everything a schema may ask about it."""

    reply: str
    confidence: float
    language: str
    sentiment: str
    topics: list[str] = field(default_factory=list)
    handoff_reason: str | None = None
    sources: list[str] = field(default_factory=list)
    states_facts: bool = False
    summary: str = ""


def think(prompt: Prompt) -> Thought:
    """Decide what the model answers, from the prompt alone."""
    asked = "\n".join(prompt.asked)
    language = _language(prompt, asked)
    says = _SAYS[language]
    name = business_name(prompt.instructions) or says["us"]
    folded = fold(asked)
    thought = Thought(
        reply="",
        confidence=0.2,
        language=language,
        sentiment="negative" if _BAD.search(folded) else "positive" if _GOOD.search(folded) else "neutral",
        topics=_topics(asked, language),
        summary=_summary(prompt, says),
    )
    if _PERSON.search(folded):
        thought.reply, thought.confidence = says["person"].format(name=name), 0.9
        thought.handoff_reason = says["reason"]
        return thought
    found, missed = _look_up(prompt, asked, language)
    intents = [intent for intent, pattern in _INTENTS if pattern.search(folded)]
    if found:
        _answer(thought, found, missed, says["unknown"].format(name=name))
    elif intents and not missed:
        subjects = _known_subjects(prompt.facts, language)
        thought.reply = says[intents[0]].format(name=name, subjects=f" ({subjects})" if subjects else "")
        thought.confidence = 0.95
    else:
        thought.reply = says["unknown"].format(name=name)
    return thought


def _answer(thought: Thought, found: list[tuple[float, Fact, str]], missed: list[str], unknown: str) -> None:
    thought.reply = " ".join(dict.fromkeys(answer for _, _, answer in found))
    thought.sources = list(dict.fromkeys(fact.id or "facts" for _, fact, _ in found))
    thought.states_facts = True
    weakest = min(score for score, _, _ in found)
    thought.confidence = round(min(0.97, 0.45 + 0.5 * weakest), 2)
    if missed:
        thought.reply += " " + unknown
        thought.confidence = round(thought.confidence * 0.6, 2)


def business_name(instructions: str) -> str:
    """Return the business's name in the instructions, "" if they name none."""
    found = _NAME.search(instructions)
    if not found:
        return ""
    return str(found["a"] or found["b"] or found["c"] or found["d"]).strip(" .,'*_")


def _language(prompt: Prompt, asked: str) -> str:
    """What is ordered; else the customer's; where their words are in none (a name, a number), that of the facts."""
    told = fold(prompt.instructions)
    if ordered := _ORDERED_LANGUAGE.search(told):
        return {"s": "es", "e": "en"}.get(ordered[1][0], "pt")
    before = "\n".join(text for role, text in prompt.history if role == "user")
    if own := language_of(asked) or language_of(before):
        return own
    for language in LANGUAGES:
        if _TOLD_LANGUAGE[language].search(told):
            return language
    return language_of("\n".join(fact.text for fact in prompt.facts)) or "es"


def _questions(asked: str) -> list[str]:
    """The separate things a burst asks."""
    return [part.strip() for part in re.split(r"[\n?!]+|(?<=[.;])\s+", asked) if part.strip(" ¿¡.,")]


def _without_courtesy(text: str) -> str:
    folded = fold(text)
    for _, pattern in _INTENTS:
        folded = pattern.sub(" ", folded)
    return folded


def _look_up(prompt: Prompt, asked: str, language: str) -> tuple[list[tuple[float, Fact, str]], list[str]]:
    """(score, fact, answer) for each question a fact answers, and the questions none answers."""
    index = Index(list(statements(prompt.facts)))
    found: list[tuple[float, Fact, str]] = []
    missed = []
    for question in _questions(asked):
        about = tokens(_without_courtesy(question))
        if not about:
            continue
        score, fact = index.best(question, about, language)
        if fact is None or score < FOUND:
            missed.append(question)
        else:
            found.append((score, fact, _wording(fact, about, language)))
    if found:
        missed = [question for question in missed if len(tokens(question)) > 1]
    return found, missed


def _wording(fact: Fact, about: list[str], language: str) -> str:
    """A pair's answer, a label with its value, or the sentences of a passage that speak of the question."""
    asks = "?" in fact.question or len(fact.text) <= _WHOLE  # the heading of a document's passage asks nothing
    if fact.question and asks and len(fact.text) <= ANSWER_LENGTH:
        return fact.text.strip()
    if fact.label:
        subjects = [SUBJECT_NAMES[token] for token in tokens(fact.label) if token in SUBJECT_NAMES]
        label = subjects[0][language].capitalize() if subjects else fact.label
        return f"{label}: {fact.text}".rstrip(".") + "."
    sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s+", fact.text) if part.strip()]
    ranked = sorted(sentences, key=lambda part: -len(set(tokens(part)) & set(about)))
    chosen: list[str] = []
    for sentence in ranked[:2]:
        if not chosen or (set(tokens(sentence)) & set(about) and len(chosen[0]) + len(sentence) < ANSWER_LENGTH):
            chosen.append(sentence)
    return " ".join(sentence for sentence in sentences if sentence in chosen)


def _topics(asked: str, language: str) -> list[str]:
    found = list(dict.fromkeys(tokens(_without_courtesy(asked))))
    named = [SUBJECT_NAMES[token][language] for token in found if token in SUBJECT_NAMES]
    return named[:5] or [token for token in found if len(token) > 3][:2]


def _known_subjects(facts: list[Fact], language: str) -> str:
    found = Counter(
        token for fact in facts for token in tokens(f"{fact.label} {fact.question}") if token in SUBJECT_NAMES
    )
    return ", ".join(SUBJECT_NAMES[token][language] for token, _ in found.most_common(4))


def _summary(prompt: Prompt, says: dict[str, str]) -> str:
    lines = [
        f"{says['customer' if role == 'user' else 'agent']}: {' '.join(text.split())[:160]}"
        for role, text in prompt.history
    ]
    return "\n".join(lines[-6:])
