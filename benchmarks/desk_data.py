"""A desk with a long history: `python -m benchmarks.desk_data --conversations 200000` fills a database with one.

Everything is made by Postgres itself, from a seed: customers who write in three languages, a bot that answers most of
them, people who take over some, ratings, failures, costs. It is for measuring and for looking, never for a live desk.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import psycopg

from core.platform.config import get_settings

MESSAGES_EACH = 10
DAYS = 180
_QUESTIONS = (
    "¿A qué hora abren mañana?", "Hola, quisiera una cotización para 3 sillas de madera", "¿Hacen envíos a Córdoba?",
    "Mi pedido todavía no llegó y ya pasaron cinco días", "Quiero devolver unos zapatos, me quedaron chicos",
    "¿Tienen zapatillas rojas en talle 42?", "Necesito la factura a nombre de la empresa", "¿Puedo pagar en cuotas?",
    "Where is my order? It should have arrived on Monday", "Do you ship to Canada?", "I would like to talk to a person",
    "Can I change the delivery address?", "Is the blue jacket still available?", "Oi, vocês entregam em Curitiba?",
    "Qual é o prazo de entrega para São Paulo?", "Quero trocar o tamanho da camisa", "Obrigado, ficou perfeito",
    "Gracias, muy amable", "Perfecto, quedo a la espera", "¿Me confirman si salió el paquete?",
)  # fmt: skip
_ANSWERS = (
    "Abrimos de lunes a viernes de 9 a 19 h y los sábados de 10 a 14 h.", "Con gusto le preparo la cotización.",
    "Sí, enviamos a todo el país en 24 a 48 horas.", "Lamento la demora: reviso ahora mismo dónde está su pedido.",
    "Puede cambiarlo dentro de los 30 días con la etiqueta puesta.", "Sí, quedan tres pares en ese talle.",
    "Yes, we do. It takes five to seven working days.", "Your order left yesterday and arrives on Thursday.",
    "Of course. Tell me the new address and I will change it.", "Sim, entregamos em todo o país.",
    "O prazo é de dois a quatro dias úteis.", "Claro, pode trocar em qualquer uma das nossas lojas.",
    "¡Con gusto! Si necesita algo más, aquí estoy.", "Le paso su consulta a una persona del equipo.",
)  # fmt: skip
_NAMES = (
    "Ana", "Bruno", "Camila", "Daniela", "Esteban", "Fernanda", "Gabriel", "Hannah", "Ignacio", "Julia", "Karina",
    "Lucas", "Martina", "Nicolás", "Olivia", "Paula", "Ricardo", "Sofía", "Tomás", "Valentina",
)  # fmt: skip
_SURNAMES = (
    "Álvarez", "Benítez", "Castro", "Díaz", "Escobar", "Fernandes", "García", "Herrera", "Ibáñez", "Jones", "Lima",
    "Miller", "Núñez", "Oliveira", "Pérez", "Quiroga", "Ríos", "Silva", "Torres", "Vega",
)  # fmt: skip

# Foreign keys are not checked row by row, and the search index is built once at the end.
_STATEMENTS = (
    "SET session_replication_role = replica",
    "SELECT setseed(0.4207)",
    "DROP INDEX ix_messages_search",
    """
    CREATE TEMP TABLE talk AS SELECT n, begun,
        begun + make_interval(mins => 4 * %(each)s) AS ended,
        (%(names)s::text[])[1 + floor(random() * 20)] || ' '
            || (%(surnames)s::text[])[1 + floor(random() * 20)] AS name,
        random() < 0.22 AS handed, begun < now() - interval '2 days' OR random() < 0.6 AS closed,
        CASE WHEN random() < 0.3 THEN (ARRAY[5, 5, 5, 4, 4, 3, 2, 1])[1 + floor(random() * 8)] END AS csat
    FROM (SELECT n, least(day + make_interval(secs => 86400 * (0.5 + (random() + random() + random() - 1.5) / 4)),
                          now() - interval '1 hour' - random() * interval '20 hours') AS begun
          FROM (SELECT n, date_trunc('day', now()) - make_interval(days => ((%(conversations)s - n)::bigint * %(days)s
                                                                   / %(conversations)s)::int) AS day
                FROM generate_series(1, %(conversations)s) n) AS numbered) AS days
    """,
    """
    CREATE TEMP TABLE base AS SELECT %(business)s::bigint AS business,
        (SELECT id FROM channels WHERE business_id = %(business)s AND kind = 'whatsapp' ORDER BY id LIMIT 1) AS channel,
        (SELECT bot_id FROM channels WHERE business_id = %(business)s ORDER BY id LIMIT 1) AS bot,
        (SELECT coalesce(max(id), 0) FROM contacts) AS contacts,
        (SELECT coalesce(max(id), 0) FROM contact_identities) AS identities,
        (SELECT coalesce(max(id), 0) FROM conversations) AS conversations,
        (SELECT id FROM agents WHERE business_id = %(business)s ORDER BY id LIMIT 1) AS agent
    """,
    """
    INSERT INTO contacts (id, business_id, name, created_at) OVERRIDING SYSTEM VALUE
    SELECT contacts + n, business, name, begun FROM talk, base
    """,
    """
    INSERT INTO contact_identities (id, business_id, contact_id, kind, address, lookup_key,
        created_at) OVERRIDING SYSTEM VALUE
    SELECT identities + n, business, contacts + n, 'whatsapp', (549110000000 + n)::text, (549110000000 + n)::text, begun
    FROM talk, base
    """,
    """
    INSERT INTO conversations (id, business_id, channel_id, contact_id, identity_id, kind, status, mode, assignee_id,
        tags, unread_count, waiting_since, handoff_reason, last_message_at, last_message_text, window_expires_at, csat,
        created_at, closed_at) OVERRIDING SYSTEM VALUE
    SELECT conversations + n, business, channel, contacts + n, identities + n, 'whatsapp',
        CASE WHEN closed THEN 'closed' ELSE 'open' END, CASE WHEN handed THEN 'human' ELSE 'bot' END,
        CASE WHEN handed AND n %% 3 > 0 THEN agent END, CASE WHEN n %% 9 = 0 THEN '{envíos}'::text[] ELSE '{}' END,
        CASE WHEN closed THEN 0 ELSE 1 + n %% 3 END, CASE WHEN handed AND NOT closed THEN ended END,
        CASE WHEN handed THEN (ARRAY['low_confidence', 'keyword', 'model_asked'])[1 + n %% 3] END,
        ended, (%(questions)s::text[])[1 + n %% 20], ended + interval '23 hours 52 minutes',
        CASE WHEN closed THEN csat END, begun, CASE WHEN closed THEN ended + interval '20 minutes' END
    FROM talk, base
    """,
    """
    INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, author_id, type, text, payload,
        status, error, provider_id, created_at, stored_at, sent_at)
    SELECT business, conversations + n, channel, CASE WHEN customer THEN 'inbound' ELSE 'outbound' END, sender,
        CASE WHEN sender = 'agent' THEN agent END, 'text',
        CASE WHEN customer THEN (%(questions)s::text[])[1 + floor(random() * 20)] ELSE
             (%(answers)s::text[])[1 + floor(random() * 14)] END
            || CASE WHEN step = 0 AND n %% 50 = 0 THEN ' (pedido A' || n || ')' ELSE '' END,
        '{}', status, CASE WHEN status = 'failed' THEN jsonb_build_object('code', '131026', 'cause',
            (ARRAY['recipient', 'needs_template', 'provider'])[1 + n %% 3], 'title', 'Not delivered', 'advice', '') END,
        'bench.' || n || '.' || step, at, at, CASE WHEN NOT customer THEN at END
    FROM (
        SELECT n, step, step %% 2 = 0 AS customer,
            CASE WHEN step %% 2 = 0 THEN 'customer' WHEN handed AND step > 4 THEN 'agent' ELSE 'bot' END AS sender,
            CASE WHEN step %% 2 = 0 THEN 'received' WHEN random() < 0.015 THEN 'failed'
                 WHEN random() < 0.8 THEN 'read' ELSE 'delivered' END AS status,
            begun + make_interval(mins => 4 * step, secs => CASE WHEN step %% 2 = 0 THEN 0 WHEN handed AND step > 4
                THEN (random() * 180)::int - 60 ELSE (random() * 8)::int - 235 END) AS at
        FROM talk, generate_series(0, %(each)s - 1) step
    ) AS written, base
    """,
    """
    INSERT INTO messages (business_id, conversation_id, channel_id, direction, sender, type, payload, status,
        created_at)
    SELECT business, conversations + n, channel, 'outbound', 'system', 'event', jsonb_build_object('event',
        'handed_off', 'reason', (ARRAY['low_confidence', 'keyword', 'model_asked'])[1 + n %% 3]), 'sent',
        begun + interval '17 minutes'
    FROM talk, base WHERE handed
    """,
    """
    INSERT INTO ai_runs (business_id, conversation_id, message_id, bot_id, settings_version, prompt_version, outcome,
        decided_by, model, confidence, input_tokens, cached_tokens, output_tokens, cost_usd, latency_ms, trace,
        created_at)
    SELECT m.business_id, m.conversation_id, m.id, bot, 1, 'history', 'reply', 'model', 'gpt-6-luna',
        0.6 + random() * 0.4, 900, 600, 60, 0.00012, 400 + (random() * 900)::int, '{}', m.created_at
    FROM messages m, base WHERE m.sender = 'bot' AND m.provider_id LIKE 'bench.%%'
    """,
    "CREATE INDEX ix_messages_search ON messages USING gin (search)",
    "SELECT setval(pg_get_serial_sequence('contacts', 'id'), (SELECT max(id) FROM contacts))",
    "SELECT setval(pg_get_serial_sequence('contact_identities', 'id'), (SELECT max(id) FROM contact_identities))",
    "SELECT setval(pg_get_serial_sequence('conversations', 'id'), (SELECT max(id) FROM conversations))",
    "ANALYZE",
)  # fmt: skip


def fill(url: str, conversations: int, business_id: int = 1) -> None:
    """Add that many conversations of ten messages, spread over half a year, to a business with a WhatsApp channel."""
    values = {
        "conversations": conversations,
        "each": MESSAGES_EACH,
        "days": DAYS,
        "business": business_id,
        "questions": list(_QUESTIONS),
        "answers": list(_ANSWERS),
        "names": list(_NAMES),
        "surnames": list(_SURNAMES),
    }
    with psycopg.connect(url) as connection, psycopg.ClientCursor(connection) as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill a database with a desk's history."""
    parser = argparse.ArgumentParser(prog="benchmarks.desk_data", description=__doc__)
    parser.add_argument("--conversations", type=int, default=2_000)
    parser.add_argument("--database", default="", help="default: DATABASE_URL")
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    fill(chosen.database or get_settings().database_url, chosen.conversations)
    print(f"{chosen.conversations:,} conversations in {time.monotonic() - started:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
