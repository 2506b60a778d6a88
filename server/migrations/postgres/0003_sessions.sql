-- Who has signed in to the page: only a hash of what the browser holds. A session can't outlive its key.
create table sessions (
    token_hash   bytea  not null primary key,
    workspace_id text   collate "C" not null,
    key_id       text   collate "C" not null,
    created_ms   bigint not null,
    -- The last use, written when it is some minutes old.
    used_ms      bigint not null,
    expires_ms   bigint not null,
    foreign key (workspace_id, key_id) references api_keys (workspace_id, id) on delete cascade
);
create index sessions_by_key on sessions (workspace_id, key_id, created_ms);
create index sessions_by_end on sessions (expires_ms);
