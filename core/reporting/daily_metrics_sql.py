"""SQL of the daily metrics: one statement, used for the rollups of closed days and for live figures.

| metric       | label                                        | count                     | total              |
|--------------|----------------------------------------------|---------------------------|--------------------|
| message      | sender: customer, bot, agent, program        | messages, sent ones only  |                    |
| hour         | "weekday-hour", 0 to 6 from Monday, 0 to 23  | messages of customers     |                    |
| sent         | the status of outbound messages              | messages                  |                    |
| failure      | the cause                                    | messages that failed      |                    |
| response     | answered by: bot, agent                      | answers, by bucket        | seconds            |
| response_open| agent                                        | agents' answers on        | seconds within the |
|              |                                              | channels with hours       | opening hours      |
| first        | first answered by: bot, agent                | conversations whose       | seconds            |
|              |                                              | customer wrote, by bucket |                    |
| after_handoff|                                              | hand-offs that an agent   | seconds            |
|              |                                              | answered, by bucket       |                    |
| new          |                                              | conversations opened      |                    |
| closed       | handled by: bot (alone), agent               | conversations, by bucket  | seconds open       |
| reopened     |                                              | conversations reopened    |                    |
| tag          | the tag                                      | conversations opened      |                    |
| handoff      | the reason                                   | hand-offs                 |                    |
| csat         | the score                                    | conversations closed      |                    |
| ai           | the outcome                                  | runs                      | tokens             |
| ai_cost      | known, unknown                               | runs                      | USD                |
| message_cost | the category; "unknown": without a price     | billed messages           | USD                |
| segments     | "sms"                                        | SMS sent                  | segments           |
| bot_cost     | the bot's id                                 | runs                      | USD                |
| quote        | the state                                    | quotes created            |                    |
| sold         | the currency                                 | quotes confirmed          | their totals       |

An answer counts on the day it was sent, if the question is at most three days older. `agent_id` is the author of a
message or answer, and the assignee where conversations are counted; 0 is the bot, or no agent. A quote that the
customer changed counts once, in its last version. A message is billed according to its delivery receipt; an SMS by its
segments: 160 characters of the GSM alphabet or 70 others, 153 or 67 in a multi-part message (GSM 03.40). Imported
history (`conversations.imported`) is not counted.
`rates` are the prices of messages (`core.bots.price_table.rates`), in JSON.
"""

from __future__ import annotations

# Seconds. Bucket n counts durations of at least LIMITS[n - 1] and less than LIMITS[n]; each about 1.5 times the last.
LIMITS = (
    1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 120, 180, 270, 400, 600, 900, 1350, 2000, 3000, 4500, 7200, 10800,
    16200, 25000, 43200, 86400, 172800, 259200,
)  # fmt: skip

_WIDTHS = f"ARRAY[{', '.join(map(str, LIMITS))}]::double precision[]"

TAKEN = "('sent', 'delivered', 'read', 'played')"  # statuses of messages that a provider accepted
# Who wrote a message `m`. An agent's message has an author, or an event if written on the business's own phone; one
# without either was sent by a program over the REST API.
_WHO = """CASE WHEN m.sender = 'agent' AND m.author_id IS NULL AND m.event_id IS NULL THEN 'program'
            ELSE m.sender END"""

# The characters of the GSM alphabet, and those of its extension, which count twice (GSM 03.38). With any other
# character a message is encoded in UCS-2, where characters beyond the basic plane count twice.
GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_WIDE = "^{}\\[~]|€"
_GSM_LENGTH = "length(m.text) + length(m.text) - length(translate(m.text, %(gsm_wide)s, ''))"
_UCS_LENGTH = "length(m.text) + length(regexp_replace(m.text, '[^\U00010000-\U0010ffff]', '', 'g'))"
_SEGMENTS = f"""CASE WHEN translate(m.text, %(gsm)s || %(gsm_wide)s, '') = ''
    THEN CASE WHEN {_GSM_LENGTH} <= 160 THEN 1 ELSE ceil(({_GSM_LENGTH}) / 153.0) END
    ELSE CASE WHEN {_UCS_LENGTH} <= 70 THEN 1 ELSE ceil(({_UCS_LENGTH}) / 67.0) END END"""

# Whether a message `m` answers a customer; the bot's hand-off message does not.
ANSWERS = f"""(m.sender IN ('bot', 'agent') AND m.type NOT IN ('event', 'note', 'reaction') AND m.status IN {TAKEN}
          AND {_WHO} <> 'program'
          AND NOT EXISTS (SELECT FROM ai_runs r WHERE r.message_id = m.id AND r.outcome = 'handoff'))"""

# `sent_at` is exact, while `created_at` of outbound messages is truncated to the second. Hand-off messages and messages
# of programs are not answers: the customer's wait continues.
_SPANS = f"""
WITH said AS (
    SELECT m.id, m.conversation_id, m.channel_id, {_WHO} AS who, coalesce(m.author_id, 0) AS agent_id,
           m.status, m.error, m.created_at,
           (m.created_at AT TIME ZONE %(zone)s) AS local,
           coalesce(m.sent_at, m.stored_at) AS given_at,
           m.sender = 'customer' OR m.status IN {TAKEN} AS taken
    FROM messages m
    WHERE m.business_id = %(business)s AND m.sender IN ('customer', 'bot', 'agent')
      AND m.type NOT IN ('event', 'note', 'reaction')
      AND m.created_at >= %(since)s - interval '3 days' AND m.created_at < %(until)s
      AND m.conversation_id IN (SELECT conversation_id FROM messages WHERE business_id = %(business)s
                                AND created_at >= %(since)s AND created_at < %(until)s)
      AND NOT EXISTS (SELECT FROM conversations c WHERE c.id = m.conversation_id AND c.imported)
), inside AS (
    SELECT * FROM said WHERE created_at >= %(since)s
), talk AS (
    SELECT *, sum((who <> 'customer')::int) OVER (
        PARTITION BY conversation_id ORDER BY created_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS spell
    FROM said
    WHERE taken AND who <> 'program'
      AND NOT (who = 'bot' AND EXISTS (SELECT FROM ai_runs r WHERE r.message_id = said.id AND r.outcome = 'handoff'))
), answers AS (
    SELECT conversation_id, (max(created_at) AT TIME ZONE %(zone)s)::date AS day, channel_id,
           max(who) FILTER (WHERE who <> 'customer') AS who, max(agent_id) AS agent_id,
           min(created_at) FILTER (WHERE who = 'customer') AT TIME ZONE %(zone)s AS asked,
           max(given_at) FILTER (WHERE who <> 'customer') AT TIME ZONE %(zone)s AS answered,
           greatest(extract(epoch FROM max(given_at) FILTER (WHERE who <> 'customer')
                    - min(created_at) FILTER (WHERE who = 'customer')), 0)::double precision AS seconds
    FROM talk GROUP BY conversation_id, channel_id, coalesce(spell, 0)
    HAVING count(*) FILTER (WHERE who = 'customer') > 0 AND count(*) FILTER (WHERE who <> 'customer') > 0
       AND max(created_at) >= %(since)s
), shifts AS (
    SELECT ch.id AS channel_id, (s ->> 'day')::int AS weekday, (s ->> 'opens')::time AS opens,
           (s ->> 'closes')::time AS closes, v.data #> '{{opening_hours,holidays}}' AS holidays
    FROM channels ch JOIN LATERAL (
        SELECT data FROM bot_versions WHERE bot_id = ch.bot_id ORDER BY version DESC LIMIT 1
    ) v ON true CROSS JOIN LATERAL jsonb_array_elements(v.data #> '{{opening_hours,week}}') s
    WHERE ch.business_id = %(business)s
), opened AS (
    SELECT a.conversation_id, a.day, a.channel_id, a.agent_id, a.who, coalesce((
        SELECT sum(greatest(extract(epoch FROM
            least(a.answered, d + s.closes + (s.closes <= s.opens)::int * interval '1 day')
            - greatest(a.asked, d + s.opens)), 0))
        FROM shifts s JOIN generate_series(date_trunc('day', a.asked) - interval '1 day', a.answered, '1 day') d
             ON extract(isodow FROM d) - 1 = s.weekday
        WHERE s.channel_id = a.channel_id AND NOT coalesce(s.holidays ? d::date::text, false)
    ), 0)::double precision AS seconds
    FROM answers a WHERE a.who = 'agent' AND EXISTS (SELECT FROM shifts s WHERE s.channel_id = a.channel_id)
), begun AS (
    SELECT c.id AS conversation_id, c.channel_id, (c.created_at AT TIME ZONE %(zone)s)::date AS day, f.sender, c.tags,
           coalesce(c.assignee_id, 0) AS agent_id, coalesce(f.author_id, 0) AS first_id,
           greatest(extract(epoch FROM f.given_at - w.at), 0)::double precision AS seconds
    FROM conversations c LEFT JOIN LATERAL (
        SELECT min(m.created_at) AS at FROM messages m
        WHERE m.conversation_id = c.id AND m.sender = 'customer' AND m.type <> 'reaction'
    ) w ON true LEFT JOIN LATERAL (
        SELECT m.sender, m.author_id, coalesce(m.sent_at, m.stored_at) AS given_at FROM messages m
        WHERE m.conversation_id = c.id AND m.created_at >= w.at AND {ANSWERS}
        ORDER BY m.created_at, m.id LIMIT 1
    ) f ON true
    WHERE c.business_id = %(business)s AND c.created_at >= %(since)s AND c.created_at < %(until)s
      AND NOT c.imported
), taken_over AS (
    SELECT e.conversation_id, e.channel_id, (f.created_at AT TIME ZONE %(zone)s)::date AS day, f.agent_id,
           greatest(extract(epoch FROM f.given_at - e.stored_at), 0)::double precision AS seconds
    FROM messages e CROSS JOIN LATERAL (
        SELECT coalesce(m.author_id, 0) AS agent_id, m.created_at, coalesce(m.sent_at, m.stored_at) AS given_at
        FROM messages m
        WHERE m.conversation_id = e.conversation_id AND m.sender = 'agent' AND m.stored_at >= e.stored_at
          AND {ANSWERS}
        ORDER BY m.created_at, m.id LIMIT 1
    ) f
    WHERE e.business_id = %(business)s AND e.type = 'event' AND e.payload ->> 'event' = 'handed_off'
      AND e.created_at >= %(since)s - interval '3 days' AND e.created_at < %(until)s
      AND f.created_at >= %(since)s AND f.created_at < %(until)s
), ended AS (
    SELECT c.id AS conversation_id, c.channel_id, (c.closed_at AT TIME ZONE %(zone)s)::date AS day, c.csat,
           coalesce(c.assignee_id, 0) AS agent_id,
           extract(epoch FROM c.closed_at - c.created_at)::double precision AS seconds,
           CASE WHEN EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.id AND m.sender = 'agent'
                             AND m.type <> 'note') THEN 'agent' ELSE 'bot' END AS who
    FROM conversations c
    WHERE c.business_id = %(business)s AND c.closed_at >= %(since)s AND c.closed_at < %(until)s
      AND NOT c.imported
)"""  # noqa: S608 - words of ours
COUNTED = f"""{_SPANS}, runs AS (
    SELECT c.channel_id, (r.created_at AT TIME ZONE %(zone)s)::date AS day, r.outcome, r.cost_usd, r.bot_id,
           coalesce(r.input_tokens, 0) + coalesce(r.output_tokens, 0) AS tokens
    FROM ai_runs r JOIN conversations c ON c.id = r.conversation_id
    WHERE r.business_id = %(business)s AND r.created_at >= %(since)s AND r.created_at < %(until)s
), billed AS (
    SELECT m.channel_id, (m.created_at AT TIME ZONE %(zone)s)::date AS day, ch.kind,
           CASE WHEN ch.kind = 'sms' THEN 'sms' ELSE lower(r.pricing ->> 'category') END AS category,
           CASE WHEN ch.kind = 'sms' THEN {_SEGMENTS} ELSE 1 END AS units,
           ltrim(coalesce(i.address, ''), '+') AS number
    FROM messages m JOIN channels ch ON ch.id = m.channel_id JOIN conversations c ON c.id = m.conversation_id
    LEFT JOIN contact_identities i ON i.id = c.identity_id
    LEFT JOIN LATERAL (
        SELECT pricing FROM delivery_receipts WHERE message_id = m.id AND pricing ? 'category' ORDER BY id DESC LIMIT 1
    ) r ON true
    WHERE m.business_id = %(business)s AND m.direction = 'outbound' AND m.type NOT IN ('event', 'note')
      AND m.status IN {TAKEN} AND m.created_at >= %(since)s AND m.created_at < %(until)s
      AND (ch.kind = 'sms' OR (r.pricing ->> 'billable')::boolean)
), priced AS (
    SELECT b.*, p.usd FROM billed b LEFT JOIN LATERAL (
        SELECT usd FROM jsonb_to_recordset(%(rates)s::jsonb)
            AS p (channel text, category text, prefix text, valid_from date, usd numeric, rank int)
        WHERE p.channel = b.kind AND p.category = b.category AND p.valid_from <= b.day
          AND b.number LIKE p.prefix || '%%'
        ORDER BY length(p.prefix) DESC, p.valid_from DESC, p.rank DESC LIMIT 1
    ) p ON true
), happened AS (
    SELECT m.channel_id, (m.created_at AT TIME ZONE %(zone)s)::date AS day, m.payload ->> 'event' AS event,
           coalesce(m.payload ->> 'reason', '') AS reason, coalesce(c.assignee_id, 0) AS agent_id
    FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE m.business_id = %(business)s AND m.type = 'event' AND m.payload ->> 'event' IN ('handed_off', 'reopened')
      AND m.created_at >= %(since)s AND m.created_at < %(until)s
), quoted AS (
    SELECT c.channel_id, coalesce(c.assignee_id, 0) AS agent_id, q.state, q.currency, q.total,
           (q.created_at AT TIME ZONE %(zone)s)::date AS given, (q.decided_at AT TIME ZONE %(zone)s)::date AS decided,
           q.created_at >= %(since)s AND q.created_at < %(until)s AS is_given,
           q.decided_at >= %(since)s AND q.decided_at < %(until)s AND q.state = 'confirmed' AS is_sold
    FROM quotes q JOIN conversations c ON c.id = q.conversation_id
    WHERE q.business_id = %(business)s AND q.state <> 'replaced'
      AND (q.created_at >= %(since)s AND q.created_at < %(until)s
           OR q.decided_at >= %(since)s AND q.decided_at < %(until)s)
), counted (day, channel_id, agent_id, metric, label, bucket, total) AS (
    SELECT local::date, channel_id, agent_id, 'message', who, 0, 0 FROM inside WHERE taken
    UNION ALL SELECT local::date, channel_id, 0, 'hour',
        (extract(isodow FROM local) - 1)::int || '-' || extract(hour FROM local)::int, 0, 0
        FROM inside WHERE who = 'customer'
    UNION ALL SELECT local::date, channel_id, agent_id, 'sent', status, 0, 0 FROM inside WHERE who <> 'customer'
    UNION ALL SELECT local::date, channel_id, agent_id, 'failure', coalesce(error ->> 'cause', 'unknown'), 0, 0
        FROM inside WHERE who <> 'customer' AND status = 'failed'
    UNION ALL SELECT day, channel_id, agent_id, 'response', who, width_bucket(seconds, {_WIDTHS}), seconds FROM answers
    UNION ALL SELECT day, channel_id, agent_id, 'response_open', who, width_bucket(seconds, {_WIDTHS}), seconds
        FROM opened
    UNION ALL SELECT day, channel_id, agent_id, 'new', '', 0, 0 FROM begun
    UNION ALL SELECT day, channel_id, agent_id, 'tag', unnest(tags), 0, 0 FROM begun
    UNION ALL SELECT day, channel_id, first_id, 'first', sender, width_bucket(seconds, {_WIDTHS}), seconds
        FROM begun WHERE sender IS NOT NULL
    UNION ALL SELECT day, channel_id, agent_id, 'after_handoff', '', width_bucket(seconds, {_WIDTHS}), seconds
        FROM taken_over
    UNION ALL SELECT day, channel_id, agent_id, 'closed', who, width_bucket(seconds, {_WIDTHS}), seconds FROM ended
    UNION ALL SELECT day, channel_id, agent_id, 'csat', csat::text, 0, csat FROM ended WHERE csat IS NOT NULL
    UNION ALL SELECT day, channel_id, agent_id, 'handoff', reason, 0, 0 FROM happened WHERE event = 'handed_off'
    UNION ALL SELECT day, channel_id, agent_id, 'reopened', '', 0, 0 FROM happened WHERE event = 'reopened'
    UNION ALL SELECT day, channel_id, 0, 'ai', outcome, 0, tokens FROM runs
    UNION ALL SELECT day, channel_id, 0, 'ai_cost', CASE WHEN cost_usd IS NULL THEN 'unknown' ELSE 'known' END, 0,
        coalesce(cost_usd, 0) FROM runs WHERE tokens > 0
    UNION ALL SELECT day, channel_id, 0, 'bot_cost', bot_id::text, 0, cost_usd FROM runs
        WHERE cost_usd IS NOT NULL AND bot_id IS NOT NULL
    UNION ALL SELECT day, channel_id, 0, 'message_cost', CASE WHEN usd IS NULL THEN 'unknown' ELSE category END, 0,
        coalesce(usd * units, 0) FROM priced
    UNION ALL SELECT day, channel_id, 0, 'segments', 'sms', 0, units FROM billed WHERE kind = 'sms'
    UNION ALL SELECT given, channel_id, agent_id, 'quote', state, 0, 0 FROM quoted WHERE is_given
    UNION ALL SELECT decided, channel_id, agent_id, 'sold', coalesce(currency, ''), 0, coalesce(total, 0)
        FROM quoted WHERE is_sold
)
SELECT day, channel_id, agent_id, metric, label, bucket, count(*) AS count, sum(total)::double precision AS total
FROM counted GROUP BY day, channel_id, agent_id, metric, label, bucket
"""  # noqa: S608 - numbers of ours

# The conversations counted by a duration metric, slowest first, each with its longest duration. Postgres does not
# evaluate unused CTEs, so each metric costs only what it reads. `{seen}` is replaced by a condition on `conversations`
# (`core.accounts.visibility.sql`).
TIMED = {
    metric: f"""{_SPANS}, slow AS (
    SELECT conversation_id AS id, max(seconds) AS seconds FROM {rows}
    WHERE {who} IS NOT NULL AND (%(label)s::text IS NULL OR {who} = %(label)s)
      AND (%(agent)s::bigint IS NULL OR {agent} = %(agent)s)
      AND (%(channel)s::bigint IS NULL OR channel_id = %(channel)s)
    GROUP BY conversation_id
)
SELECT c.id, p.name, c.status, c.kind, c.last_message_text, c.last_message_at, s.seconds
FROM slow s JOIN (SELECT * FROM conversations WHERE {{seen}}) c ON c.id = s.id JOIN contacts p ON p.id = c.contact_id
ORDER BY s.seconds DESC, s.id DESC LIMIT %(limit)s
"""  # noqa: S608 - words of ours
    for metric, rows, who, agent in (
        ("response", "answers", "who", "agent_id"),
        ("response_open", "opened", "who", "agent_id"),
        ("first", "begun", "sender", "first_id"),
        ("after_handoff", "taken_over", "''::text", "agent_id"),
        ("closed", "ended", "who", "agent_id"),
    )
}
