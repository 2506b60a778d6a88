-- What came of attempts: a row per webhook and minute, and one per hour. Nodes add to it now and then.
create table stats (
    workspace_id text not null,
    webhook_id   text not null,
    step_s       integer not null check (step_s in (60, 3600)),
    start_ms     integer not null,
    delivered    integer not null,
    failed       integer not null,
    retried      integer not null,
    -- How many answers took how long: the bounds are in the program.
    a0           integer not null,
    a1           integer not null,
    a2           integer not null,
    a3           integer not null,
    a4           integer not null,
    a5           integer not null,
    a6           integer not null,
    a7           integer not null,
    a8           integer not null,
    a9           integer not null,
    a10          integer not null,
    a11          integer not null,
    a12          integer not null,
    a13          integer not null,
    a14          integer not null,
    a15          integer not null,
    -- The last attempt of the time, and what its delivery was then.
    last_ms      integer not null,
    last_status  text not null check (last_status in ('pending', 'success', 'failed')),
    primary key (workspace_id, webhook_id, step_s, start_ms)
) strict, without rowid;
