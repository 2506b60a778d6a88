-- 1 from when the server switched it off until something succeeds at it again.
alter table webhooks add column is_recovering bigint not null default 0 check (is_recovering in (0, 1));

-- What happened to webhooks: for their admins to read, and for the operator, to whom they are sent.
create table notices (
    workspace_id text   collate "C" not null,
    id           text   collate "C" not null,
    webhook_id   text   collate "C" not null,
    kind         text   not null check (kind in ('webhook.disabled', 'webhook.recovered')),
    reason       text,
    created_ms   bigint not null,
    -- How often it was tried to send it, and when to try again; null when it was sent, or given up.
    attempts     bigint not null,
    next_ms      bigint,
    primary key (workspace_id, id),
    foreign key (workspace_id, webhook_id) references webhooks (workspace_id, id) on delete cascade
);
create index notices_by_webhook on notices (workspace_id, webhook_id);
create index notices_due on notices (next_ms) where next_ms is not null;
