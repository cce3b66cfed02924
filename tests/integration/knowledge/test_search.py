"""Hybrid search over real tables: results, ranking, access, and no result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from core.bots.llm.types import FailureKind, ModelFailed
from core.knowledge import embedders, hybrid_search, retrieval
from core.knowledge.retrieval import passages_for, search_with_evidence
from core.models import Bot, Business, KnowledgeSource
from core.platform.db import run, system_transaction, transaction
from tests.conftest import TestBusiness
from tests.support.knowledge import teach

POLICIES = [
    ("Envíos", "El envío a domicilio cuesta 5 € y tarda tres días hábiles. Es gratis desde 50 €."),
    ("Devoluciones", "Las devoluciones se aceptan durante treinta días con el ticket de compra."),
    ("Garantía", "Todos los electrodomésticos tienen una garantía de dos años contra defectos de fábrica."),
    ("Horario", "La tienda abre de lunes a sábado, de 9 a 20 horas. Los domingos está cerrada."),
    ("Cotizaciones", "Hacemos cotizaciones para empresas por correo en un día."),
]


@pytest.fixture
def taught(business: TestBusiness) -> TestBusiness:
    teach(business.business_id, business.bot_id, "Políticas", POLICIES)
    return business


def first(business: TestBusiness, question: str) -> str:
    found = passages_for(business.business_id, business.bot_id, question)
    return found[0].title if found else "nothing"


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("¿Cuánto cuesta el envío a domicilio?", "Políticas › Envíos"),
        ("cuanto cuesta el envio", "Políticas › Envíos"),
        ("HACEN COTIZACION?", "Políticas › Cotizaciones"),
        ("quiero devolver una compra", "Políticas › Devoluciones"),
        ("How much does shipping cost?", "Políticas › Envíos"),
        ("What is the warranty?", "Políticas › Garantía"),
        ("A que horas abrem no sábado?", "Políticas › Horario"),
        ("garatnía de electrodomesticos", "Políticas › Garantía"),
    ],
)
def test_the_passage_that_answers_comes_first(taught: TestBusiness, question: str, title: str) -> None:
    assert first(taught, question) == title


@pytest.mark.parametrize(
    "question", ["¿Venden helicópteros?", "hola buenas", "¿?", "", "who won the world cup in 1986"]
)
def test_below_the_floor_nothing_counts_as_found(taught: TestBusiness, question: str) -> None:
    assert passages_for(taught.business_id, taught.bot_id, question) == ()


def test_passages_carry_what_the_prompt_cites(taught: TestBusiness) -> None:
    ids = {f"kb-{number}" for number in range(1, len(POLICIES) + 1)}
    found = passages_for(taught.business_id, taught.bot_id, "envío gratis")
    assert found[0].id in ids
    assert found[0].text == POLICIES[0][1]
    assert all(0 < passage.score <= 1 for passage in found)


def test_what_other_bots_and_businesses_know_is_not_found(taught: TestBusiness) -> None:
    with system_transaction() as session:
        other = Business(name="Otra", timezone="UTC")
        session.add(other)
        session.flush()
        bots = [Bot(business_id=taught.business_id, name="dos"), Bot(business_id=other.id, name="tres")]
        session.add_all(bots)
        session.flush()
        sibling, stranger, other_id = bots[0].id, bots[1].id, other.id
    assert passages_for(taught.business_id, sibling, "envío a domicilio") == ()
    assert passages_for(other_id, stranger, "envío a domicilio") == ()
    assert passages_for(other_id, taught.bot_id, "envío a domicilio") == ()
    teach(taught.business_id, None, "Para todos", [("", "El envío a domicilio es gratis en mayo.")])
    retrieval.clear_cache()
    assert [one.title for one in passages_for(taught.business_id, sibling, "envío a domicilio")] == ["Para todos"]


def test_a_reading_that_is_not_at_its_end_is_not_found(business: TestBusiness) -> None:
    teach(business.business_id, business.bot_id, "A medias", POLICIES, whole=False)
    assert passages_for(business.business_id, business.bot_id, "envío a domicilio") == ()


def test_without_vectors_words_find_it(business: TestBusiness) -> None:
    teach(business.business_id, business.bot_id, "Políticas", POLICIES, embedder=None)
    found = search_with_evidence(business.business_id, business.bot_id, "garantía de electrodomésticos", limit=3)
    assert found[0].heading == "Garantía"
    assert found[0].meaning is None


class Broken:
    """An embedding service that is down."""

    name, weight = "offline-1", 1.0

    def embed(self, texts: object, *, timeout_seconds: float) -> list[tuple[float, ...]]:
        raise ModelFailed(FailureKind.CONNECTION, "refused", retryable=True)

    def similarity(self, cosine: float) -> float:
        return cosine


def test_while_the_embedding_service_is_down_words_find_it(
    taught: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedders, "named", lambda name: Broken())
    assert first(taught, "garantía de electrodomésticos") == "Políticas › Garantía"


class Other:
    """A second model, whose vector of a text encodes the text's length."""

    name, weight = "other-1", 1.0

    def embed(self, texts: Sequence[str], *, timeout_seconds: float) -> list[tuple[float, ...]]:
        return [(1.0, len(text) / 100) for text in texts]

    def similarity(self, cosine: float) -> float:
        return max(cosine, 0.0)


def test_two_models_live_side_by_side(taught: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Other()
    monkeypatch.setattr(embedders, "named", lambda name: other if name == other.name else embedders.OFFLINE)
    teach(taught.business_id, taught.bot_id, "Nuevo", [("", "Envío a domicilio en moto.")], embedder=other)
    found = search_with_evidence(taught.business_id, taught.bot_id, "envío a domicilio", limit=5)
    assert {one.title for one in found[:2]} == {"Políticas", "Nuevo"}
    assert all(one.meaning is not None for one in found[:2])


def test_a_large_shelf_is_searched_by_the_index(taught: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hybrid_search, "_EXACT", 0)
    teach(taught.business_id, taught.bot_id, "Ruido", [("", f"Ficha número {n} del almacén") for n in range(300)])
    retrieval.clear_cache()
    assert first(taught, "¿Cuánto cuesta el envío a domicilio?") == "Políticas › Envíos"


def test_both_legs_read_their_index(taught: TestBusiness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hybrid_search, "_EXACT", 0)
    monkeypatch.setattr("core.knowledge.tsquery._MANY", 0)
    noise = [("", f"Ficha {n} del almacén: estante {n * 7}, pasillo {n * 13}, caja {n * 29}") for n in range(600)]
    teach(taught.business_id, taught.bot_id, "Ruido", noise)
    with system_transaction() as session:
        session.execute(text("ANALYZE knowledge_chunks, knowledge_vectors"))
    plans: list[str] = []
    real = run

    def explained(session: Session, statement: str, values: Any = None) -> Any:
        if " FROM knowledge_" in statement:
            plans.append("\n".join(row[0] for row in real(session, f"EXPLAIN {statement}", values)))
        return real(session, statement, values)

    monkeypatch.setattr(hybrid_search, "run", explained)
    assert first(taught, "¿Cuánto cuesta el envío a domicilio?") == "Políticas › Envíos"
    words, meaning, evidence = plans
    assert "ix_knowledge_chunks_search" in words and "edition_position" not in words, words
    assert "ix_knowledge_vectors_256" in meaning and "Sort" not in meaning, meaning
    assert "pk_knowledge_chunks" in evidence, evidence


def test_a_bot_without_knowledge_is_asked_about_once_in_a_while(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    real = hybrid_search.library
    monkeypatch.setattr(hybrid_search, "library", lambda *given: looks.append(given) or real(*given))
    for _ in range(5):
        assert passages_for(business.business_id, business.bot_id, "envío a domicilio") == ()
    assert len(looks) == 1


def test_common_words_meet_in_the_passage_that_has_them_all(
    business: TestBusiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.knowledge.tsquery.COMMON", 3)
    monkeypatch.setattr(hybrid_search, "COMMON", 3)
    noise = [("", f"El envío del artículo {n}") for n in range(10)] + [
        ("", f"La garantía de la pieza {n}") for n in range(10)
    ]
    teach(business.business_id, business.bot_id, "Ruido", noise, embedder=None)
    both = teach(business.business_id, business.bot_id, "Ambas", [("", "Garantía del envío")], embedder=None)
    found = search_with_evidence(business.business_id, business.bot_id, "garantía del envío", limit=3)
    assert found[0].chunk_id == both[0]


def test_a_renamed_source_is_found_under_its_new_name(taught: TestBusiness) -> None:
    with transaction(taught.business_id) as session:
        session.execute(update(KnowledgeSource).values(title="Condiciones"))
    assert first(taught, "garantía de electrodomésticos") == "Condiciones › Garantía"
