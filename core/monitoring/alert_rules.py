"""Alert rules: one statement that finds all conditions and opens or refreshes their alerts."""

from __future__ import annotations

from core.bots.budget import NEAR
from core.bots.usage import SPENT

# Each part selects business, kind, severity and subject. A paused channel has its own alert, so its queue does not
# count as backlog. Worker reports are deleted after days, which must not clear the alert. Silence compares the last
# hour with the same hour of the last four weeks, if each of them had at least `usual` messages.
FIND_CONDITIONS = f"""
WITH conditions (business_id, kind, severity, subject) AS (
    SELECT id, 'backlog', 'high', 'inbound' FROM businesses WHERE EXISTS (
        SELECT FROM webhook_events WHERE processed_at IS NULL AND received_at < now() - %(backlog)s)
    UNION
    SELECT business_id, 'backlog', 'high', 'replies' FROM pending_replies
    WHERE greatest(due_at, leased_until) < now() - %(backlog)s
    UNION
    SELECT d.business_id, 'backlog', 'high', c.kind || ' ' || c.identity
    FROM deliveries d JOIN channels c ON c.id = d.channel_id
    WHERE d.next_attempt_at < now() - %(backlog)s AND c.state = 'active'
    UNION
    SELECT c.business_id, CASE WHEN EXISTS (
            SELECT FROM deliveries d JOIN messages m ON m.id = d.message_id
            WHERE d.channel_id = c.id AND d.next_attempt_at IS NOT NULL AND m.error->>'cause' = 'admin'
        ) THEN c.kind || '_down' ELSE 'breaker' END, 'high', c.kind || ' ' || c.identity
    FROM channel_limits f JOIN channels c ON c.id = f.channel_id WHERE f.open_until > now()
    UNION
    SELECT business_id, 'paused', 'high', c.kind || ' ' || c.identity FROM channels c WHERE state = 'paused'
    UNION
    SELECT business_id, c.kind || '_down', 'high', c.kind || ' ' || c.identity FROM channels c
    WHERE state <> 'disabled' AND last_probe->>'well' = 'false'
    UNION
    SELECT business_id, 'token', 'warning', c.kind || ' ' || c.identity FROM channels c
    WHERE state <> 'disabled' AND (last_probe->>'expires_at')::timestamptz < now() + %(ends)s
    UNION
    SELECT c.business_id, 'silence', 'high', c.kind || ' ' || c.identity FROM channels c
    WHERE c.state = 'active' AND %(usual)s <= (
        SELECT min(received) FROM generate_series(1, 4) AS weeks (ago), LATERAL (
            SELECT count(*) AS received FROM messages m
            WHERE m.business_id = c.business_id AND m.channel_id = c.id AND m.direction = 'inbound'
                AND m.created_at > now() - make_interval(weeks => ago) - interval '1 hour'
                AND m.created_at <= now() - make_interval(weeks => ago)) AS hours)
    AND NOT EXISTS (
        SELECT FROM messages m WHERE m.business_id = c.business_id AND m.channel_id = c.id
            AND m.direction = 'inbound' AND m.created_at > now() - interval '1 hour')
    UNION
    SELECT b.business_id, 'budget', 'warning', b.name
    FROM bots b
    CROSS JOIN LATERAL (
        SELECT data FROM bot_versions v WHERE v.bot_id = b.id ORDER BY version DESC LIMIT 1) AS v
    CROSS JOIN LATERAL (
        SELECT count(model) AS requests,
            coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)), 0) AS tokens
        FROM ai_runs r
        WHERE r.business_id = b.business_id AND r.bot_id = b.id AND r.created_at > now() - interval '1 minute') AS spent
    WHERE spent.requests >= (v.data->>'requests_per_minute')::bigint
        OR spent.tokens >= (v.data->>'tokens_per_minute')::bigint
    UNION
    SELECT business_id, CASE WHEN share >= 1 THEN 'budget_reached' ELSE 'budget_near' END,
        CASE WHEN share >= 1 THEN 'high' ELSE 'warning' END, name
    FROM (
        SELECT b.business_id, b.name, greatest(spent.day / limits.day, spent.month / limits.month) AS share
        FROM bots b
        CROSS JOIN LATERAL (
            SELECT (data->>'usd_per_day')::numeric AS day, (data->>'usd_per_month')::numeric AS month
            FROM bot_versions WHERE bot_id = b.id ORDER BY version DESC LIMIT 1) AS limits
        CROSS JOIN LATERAL ({SPENT}) AS spent
        WHERE coalesce(limits.day, limits.month) IS NOT NULL
    ) AS money WHERE share >= {NEAR}
    UNION
    SELECT b.id, 'webhook_errors', 'high', 'inbound' FROM businesses b WHERE EXISTS (
        SELECT FROM dead_letters WHERE created_at > now() - %(lately)s)
    AND (SELECT count(DISTINCT event_id) FROM dead_letters l WHERE l.created_at > now() - %(lately)s
            AND (l.business_id = b.id OR l.business_id IS NULL AND (SELECT count(*) FROM businesses) = 1))
        > %(failing)s * (SELECT count(*) FROM webhook_events WHERE received_at > now() - %(lately)s)
    UNION
    SELECT c.business_id, 'rate_limit_warning', 'warning', c.kind || ' ' || c.identity
    FROM channels c
    JOIN (SELECT channel_id, count(*) AS sent FROM messages
        WHERE created_at > now() - interval '1 hour' AND sent_at > now() - interval '1 minute' GROUP BY 1) AS minute
        ON minute.channel_id = c.id
    WHERE 60 * coalesce(c.settings->>'messages_per_second', %(rates)s::jsonb->>(c.provider || ' ' || c.kind))::float
        - minute.sent < %(left)s
    UNION
    SELECT m.business_id, 'message_failed', 'warning', c.kind || ' ' || c.identity
    FROM messages m JOIN channels c ON c.id = m.channel_id LEFT JOIN deliveries d ON d.message_id = m.id
    WHERE m.status = 'failed' AND now() - %(failed_for)s < greatest(m.created_at, m.sent_at, d.scheduled_for, (
        SELECT max(a.created_at) FROM delivery_attempts a WHERE a.message_id = m.id))
    UNION
    SELECT id, 'workers', 'high', 'all' FROM businesses
    WHERE coalesce((SELECT max(seen_at) FROM worker_reports) < now() - %(lost)s, EXISTS (
        SELECT FROM alerts a WHERE a.business_id = businesses.id AND a.kind = 'workers' AND a.cleared_at IS NULL))
    UNION
    SELECT id, 'files_apart', 'high', 'MEDIA_URL' FROM businesses
    WHERE (SELECT count(*) > 1 AND NOT bool_and(has_media_url) FROM machines WHERE seen_at > now() - %(live)s)
    UNION
    SELECT b.id, 'dead_letters', 'warning', 'waiting' FROM businesses b WHERE EXISTS (
        SELECT FROM dead_letters l WHERE l.replayed_at IS NULL AND (l.business_id = b.id
            OR l.business_id IS NULL AND (SELECT count(*) FROM businesses) = 1))
)
INSERT INTO alerts (business_id, kind, severity, subject) SELECT * FROM conditions ORDER BY 1, 2, 4
ON CONFLICT (business_id, kind, subject) WHERE cleared_at IS NULL DO UPDATE SET last_seen_at = now()
RETURNING business_id, kind, severity, subject, opened_at = last_seen_at AND xmax = 0 AS opened
"""  # noqa: S608 - statements of ours
