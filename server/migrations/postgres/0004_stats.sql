-- What came of attempts: a row per webhook and minute, and one per hour. Nodes add to it now and then.
create table stats (
    workspace_id text collate "C" not null,
    webhook_id   text collate "C" not null,
    step_s       bigint not null check (step_s in (60, 3600)),
    start_ms     bigint not null,
    delivered    bigint not null,
    failed       bigint not null,
    retried      bigint not null,
    -- How many answers took how long: the bounds are in the program.
    a0           bigint not null,
    a1           bigint not null,
    a2           bigint not null,
    a3           bigint not null,
    a4           bigint not null,
    a5           bigint not null,
    a6           bigint not null,
    a7           bigint not null,
    a8           bigint not null,
    a9           bigint not null,
    a10          bigint not null,
    a11          bigint not null,
    a12          bigint not null,
    a13          bigint not null,
    a14          bigint not null,
    a15          bigint not null,
    -- The last attempt of the time, and what its delivery was then.
    last_ms      bigint not null,
    last_status  text not null check (last_status in ('pending', 'success', 'failed')),
    primary key (workspace_id, webhook_id, step_s, start_ms)
) with (fillfactor = 70);
