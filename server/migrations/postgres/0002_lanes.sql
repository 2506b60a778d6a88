-- Only for who reads by lane, and says so (`next_ms > 0`, true of every row). Who looks for a row by its key says nothing of
-- the time, and so is never led over a whole lane, whatever the planner believes of the table's size.
drop index queue_lanes;
create index queue_lanes on queue (webhook_id, next_ms) where next_ms > 0;
