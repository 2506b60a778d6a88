-- create table handled (webhook_id text primary key);
begin;
insert into handled (webhook_id) values ('evt_0197f000000070008000000000000001'); -- fails if it came before: answer 2xx and stop
-- what the event asks for, here
commit;
