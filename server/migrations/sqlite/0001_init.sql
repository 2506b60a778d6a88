-- Only text, integer milliseconds (_ms) and blobs, so that Postgres accepts the same statements.
-- workspace_id leads every key: all rows of a workspace stay together and can move together.
-- Ids are time-ordered UUIDs as text, so new rows land side by side.

create table settings (
    name  text not null primary key,
    value blob not null
) strict, without rowid;

create table workspaces (
    id                text    not null primary key,
    name              text    not null unique,
    created_ms        integer not null,
    -- What the operator says of the account; shown by /api/me.
    email             text    not null default '',
    plan              text    not null default '',
    credits_remaining integer not null default 0 check (credits_remaining >= 0)
) strict, without rowid;

create table api_keys (
    workspace_id      text    not null references workspaces (id),
    id                text    not null,
    name              text    not null,
    role              text    not null check (role in ('admin', 'member', 'readonly', 'publisher')),
    key_hash          blob    not null unique,
    key_prefix        text    not null,
    key_preview       text    not null,
    created_ms        integer not null,
    last_used_ms      integer,
    total_requests    integer not null default 0,
    credits_used      integer not null default 0,
    credit_limit      integer check (credit_limit >= 0),
    is_active         integer not null default 1 check (is_active in (0, 1)),
    disabled_by_admin integer not null default 0 check (disabled_by_admin in (0, 1)),
    primary key (workspace_id, id),
    check (is_active = 0 or disabled_by_admin = 0)
) strict, without rowid;

create table webhooks (
    workspace_id        text    not null references workspaces (id),
    id                  text    not null,
    url                 text    not null,
    description         text    not null,
    is_active           integer not null default 1 check (is_active in (0, 1)),
    created_by          text    not null,
    created_ms          integer not null,
    updated_ms          integer not null,
    -- Set once an admin deletes it: it is hidden at once, its rows are erased in batches.
    deleted_ms          integer,
    -- Signing secrets, sealed under the master key. While one rotates, both are in force until overlap_until_ms.
    secret              blob    not null,
    previous_secret     blob,
    overlap_until_ms    integer,
    primary key (workspace_id, id),
    check ((previous_secret is null) = (overlap_until_ms is null))
) strict, without rowid;
-- The queue knows its lanes by webhook alone.
create index webhooks_by_id on webhooks (id);
create index webhooks_deleted on webhooks (workspace_id, id) where deleted_ms is not null;

create table subscriptions (
    workspace_id text    not null,
    event_type   text    not null,
    webhook_id   text    not null,
    -- Where the admin named it among the webhook's events.
    position     integer not null,
    primary key (workspace_id, event_type, webhook_id)
) strict, without rowid;
create index subscriptions_by_webhook on subscriptions (workspace_id, webhook_id);

-- Bodies are kept once per event, not per delivery.
create table events (
    workspace_id text    not null,
    id           text    not null,
    event_type   text    not null,
    body         blob    not null,
    created_ms   integer not null,
    primary key (workspace_id, id)
) strict;

create table idempotency (
    workspace_id text    not null,
    key          text    not null,
    request_hash blob    not null,
    answer       text    not null,
    created_ms   integer not null,
    primary key (workspace_id, key)
) strict, without rowid;
create index idempotency_by_age on idempotency (created_ms);

-- What waits to be sent, and nothing else: a row comes with its event and goes with its last attempt.
-- next_ms is when it is due, or when its lease ends. One index, by lane; none by state or due time, so
-- that a million rows of one dead receiver stand in nobody's way.
create table queue (
    workspace_id text    not null,
    webhook_id   text    not null,
    id           text    not null,
    event_id     text    not null,
    event_type   text    not null,
    created_ms   integer not null,
    next_ms      integer not null,
    -- Sends made, and steps of the retry schedule used up (a resend starts the schedule again).
    attempts     integer not null default 0 check (attempts >= 0),
    step         integer not null default 0 check (step >= 0),
    -- The lease: who holds it, and which of the row's claims it is.
    owner        text,
    epoch        integer not null default 0,
    primary key (workspace_id, webhook_id, id)
) strict, without rowid;
create index queue_lanes on queue (webhook_id, next_ms);

-- What was sent at least once, with its first attempt. A delivery that was never sent is only in the queue.
create table deliveries (
    workspace_id     text    not null,
    webhook_id       text    not null,
    id               text    not null,
    event_id         text    not null,
    event_type       text    not null,
    created_ms       integer not null,
    status           text    not null check (status in ('pending', 'success', 'failed')),
    attempts         integer not null check (attempts >= 1),
    started_ms       integer not null,
    duration_ms      integer not null,
    response_status  integer,
    response_body    blob,
    error            text,
    -- A test send: one attempt, which resending all that failed leaves alone.
    is_test          integer not null default 0 check (is_test in (0, 1)),
    primary key (workspace_id, webhook_id, id)
) strict, without rowid;
create index deliveries_failed on deliveries (workspace_id, webhook_id, id) where status = 'failed' and is_test = 0;

-- The second attempt and those after it.
create table attempts (
    workspace_id    text    not null,
    webhook_id      text    not null,
    delivery_id     text    not null,
    number          integer not null check (number >= 2),
    started_ms      integer not null,
    duration_ms     integer not null,
    response_status integer,
    response_body   blob,
    error           text,
    primary key (workspace_id, webhook_id, delivery_id, number)
) strict, without rowid;
