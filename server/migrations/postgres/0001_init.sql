-- The tables of the SQLite schema, column by column: only text, bigint and bytea, so that both accept the same statements.
-- workspace_id leads every key: all rows of a workspace stay together and can move together.
-- Ids are time-ordered UUIDs as text, compared byte by byte, so new rows land side by side.

create table settings (
    name  text  not null primary key,
    value bytea not null
);

create table workspaces (
    id                text collate "C" not null primary key,
    name              text   not null unique,
    created_ms        bigint not null,
    -- What the operator says of the account; shown by /api/me.
    email             text   not null default '',
    plan              text   not null default '',
    credits_remaining bigint not null default 0 check (credits_remaining >= 0)
);

create table api_keys (
    workspace_id      text collate "C" not null references workspaces (id),
    id                text collate "C" not null,
    name              text   not null,
    role              text   not null check (role in ('admin', 'member', 'readonly', 'publisher')),
    key_hash          bytea  not null unique,
    key_prefix        text   not null,
    key_preview       text   not null,
    created_ms        bigint not null,
    last_used_ms      bigint,
    total_requests    bigint not null default 0,
    credits_used      bigint not null default 0,
    credit_limit      bigint check (credit_limit >= 0),
    is_active         bigint not null default 1 check (is_active in (0, 1)),
    disabled_by_admin bigint not null default 0 check (disabled_by_admin in (0, 1)),
    primary key (workspace_id, id),
    check (is_active = 0 or disabled_by_admin = 0)
) with (fillfactor = 70);

create table webhooks (
    workspace_id     text collate "C" not null references workspaces (id),
    id               text collate "C" not null,
    url              text   not null,
    description      text   not null,
    is_active        bigint not null default 1 check (is_active in (0, 1)),
    created_by       text collate "C" not null,
    created_ms       bigint not null,
    updated_ms       bigint not null,
    -- Set once an admin deletes it: it is hidden at once, its rows are erased in batches.
    deleted_ms       bigint,
    -- Signing secrets, sealed under the master key. While one rotates, both are in force until overlap_until_ms.
    secret           bytea  not null,
    previous_secret  bytea,
    overlap_until_ms bigint,
    -- Where it stands, kept here so that the rows that wait for it are never touched.
    -- Nothing is sent before not_before_ms: it answered 429 or 503.
    not_before_ms    bigint not null default 0,
    -- Deliveries per second that its owner allows; null means no limit. paced_ms is the instant up to which they are used up.
    rate_limit       bigint check (rate_limit between 1 and 10000),
    paced_ms         bigint not null default 0,
    -- The first of the failures since which nothing succeeded.
    failing_since_ms bigint,
    -- Set while the server itself has switched it off, with the reason.
    disabled_ms      bigint check (disabled_ms is null or is_active = 0),
    disabled_reason  text check ((disabled_reason is null) = (disabled_ms is null)),
    primary key (workspace_id, id),
    check ((previous_secret is null) = (overlap_until_ms is null))
) with (fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0.05);
-- The queue knows its lanes by webhook alone.
create index webhooks_by_id on webhooks (id);
create index webhooks_deleted on webhooks (workspace_id, id) where deleted_ms > 0;

create table subscriptions (
    workspace_id text collate "C" not null,
    event_type   text collate "C" not null,
    webhook_id   text collate "C" not null,
    -- Where the admin named it among the webhook's events.
    position     bigint not null,
    primary key (workspace_id, event_type, webhook_id)
);
create index subscriptions_by_webhook on subscriptions (workspace_id, webhook_id);

-- Bodies are kept once per event, not per delivery.
create table events (
    workspace_id text collate "C" not null,
    id           text collate "C" not null,
    event_type   text collate "C" not null,
    body         bytea  not null,
    created_ms   bigint not null,
    -- W3C trace context of the request that brought the event, carried to its receivers.
    traceparent  text,
    primary key (workspace_id, id)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

create table idempotency (
    workspace_id text collate "C" not null,
    key          text collate "C" not null,
    request_hash bytea  not null,
    answer       text   not null,
    created_ms   bigint not null,
    primary key (workspace_id, key)
) with (autovacuum_vacuum_scale_factor = 0.02);
create index idempotency_by_age on idempotency (created_ms);

-- What waits to be sent, and nothing else: a row comes with its event and goes with its last attempt.
-- next_ms is when it is due, or when its lease ends. One index, by lane; none by state or due time, so
-- that a million rows of one dead receiver stand in nobody's way.
-- It turns over all the time: autovacuum looks at it often and does not pause for breath.
create table queue (
    workspace_id text collate "C" not null,
    webhook_id   text collate "C" not null,
    id           text collate "C" not null,
    event_id     text collate "C" not null,
    event_type   text collate "C" not null,
    created_ms   bigint not null,
    next_ms      bigint not null,
    -- Sends made, and steps of the retry schedule used up (a resend starts the schedule again).
    attempts     bigint not null default 0 check (attempts >= 0),
    step         bigint not null default 0 check (step >= 0),
    -- The lease: who holds it, and which of the row's claims it is.
    owner        text,
    epoch        bigint not null default 0,
    primary key (workspace_id, webhook_id, id)
) with (
    fillfactor = 80,
    autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0
);
create index queue_lanes on queue (webhook_id, next_ms);

-- What was sent at least once, with its first attempt. A delivery that was never sent is only in the queue.
create table deliveries (
    workspace_id    text collate "C" not null,
    webhook_id      text collate "C" not null,
    id              text collate "C" not null,
    event_id        text collate "C" not null,
    event_type      text collate "C" not null,
    created_ms      bigint not null,
    status          text   not null check (status in ('pending', 'success', 'failed')),
    attempts        bigint not null check (attempts >= 1),
    started_ms      bigint not null,
    duration_ms     bigint not null,
    response_status bigint,
    response_body   bytea,
    error           text,
    -- A test send: one attempt, which resending all that failed leaves alone.
    is_test         bigint not null default 0 check (is_test in (0, 1)),
    primary key (workspace_id, webhook_id, id)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
create index deliveries_failed on deliveries (workspace_id, webhook_id, id) where status = 'failed' and is_test = 0;

-- The second attempt and those after it.
create table attempts (
    workspace_id    text collate "C" not null,
    webhook_id      text collate "C" not null,
    delivery_id     text collate "C" not null,
    number          bigint not null check (number >= 2),
    started_ms      bigint not null,
    duration_ms     bigint not null,
    response_status bigint,
    response_body   bytea,
    error           text,
    primary key (workspace_id, webhook_id, delivery_id, number)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
