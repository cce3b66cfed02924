"""What the stand-in model takes from documents: statements. A sentence that orders the assistant about is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sandbox.openai_facts import Fact
from sandbox.words import fold

_SAY = r"(?:answer|reply|respond|say|write|tell|respond[ae]|dig[ao]|di|escrib[ae]|escreva|fale)"
_ALWAYS = r"(?:always|siempre|sempre)"
_ORDERS = re.compile(
    r"\b(?:ignor[ae]r?|disregard|forget|olvid[ae]|esqueca|desconsidere)\b.{0,40}"
    r"\b(?:instruc\w+|instruct\w+|rules?|reglas|regras|prompt|anterior(?:es)?|previous)\b"
    rf"|\b(?:from now on|a partir de (?:ahora|agora)|de ahora en adelante)\b.{{0,40}}\b(?:{_SAY}|you|eres|voce)\b"
    r"|\b(?:system prompt|you are now|ahora eres|agora voce e|if you are an? (?:ai|assistant|bot|language model)"
    r"|si eres un (?:asistente|bot|modelo)|se voce e um (?:assistente|bot|modelo))\b"
    rf"|\b{_SAY} {_ALWAYS}\b|\b{_ALWAYS} {_SAY}\b"
    r"|^\W*(?:to the )?(?:asistente|assistant|assistente|bot|chatbot|system|sistema)\s*[:,]"
)


def statements(facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts without such sentences, and without those that were nothing else."""
    for fact in facts:
        sentences = re.split(r"(?<=[.!?])\s+", fact.text)
        told = [sentence for sentence in sentences if not _ORDERS.search(fold(sentence))]
        if len(told) == len(sentences):
            yield fact
        elif told:
            yield replace(fact, text=" ".join(told))
