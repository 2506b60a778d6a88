-- Where a webhook stands, kept on its own row so that the rows that wait for it are never touched.
-- Nothing is sent before not_before_ms: it answered 429 or 503.
alter table webhooks add column not_before_ms integer not null default 0;
-- Deliveries per second that its owner allows; null means no limit. paced_ms is the instant up to which they are used up.
alter table webhooks add column rate_limit integer check (rate_limit between 1 and 10000);
alter table webhooks add column paced_ms integer not null default 0;
-- The first of the failures since which nothing succeeded.
alter table webhooks add column failing_since_ms integer;
-- Set while the server itself has switched it off, with the reason.
alter table webhooks add column disabled_ms integer check (disabled_ms is null or is_active = 0);
alter table webhooks add column disabled_reason text check ((disabled_reason is null) = (disabled_ms is null));

-- "is not null" in the condition of an index makes SQLite compile statements anew whenever a parameter changes.
drop index webhooks_deleted;
create index webhooks_deleted on webhooks (workspace_id, id) where deleted_ms > 0;

-- W3C trace context of the request that brought the event, carried to its receivers.
alter table events add column traceparent text;
