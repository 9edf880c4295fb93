-- The ground that every service stands on: its event log, its memory of requests, its cursors. The same in every schema.

-- The event log (shared/events): append-only, written in the transaction of the change it tells.
create sequence intake.event_seq;

create table intake.event_log (
    -- Drawn while the aggregate is locked: orders the events of one subject.
    event_seq      bigint      not null default nextval('intake.event_seq'),
    -- Orders windows of the feed: below the oldest running transaction nothing can appear any more.
    transaction_id bigint      not null default (pg_current_xact_id()::text::bigint),
    event_id       uuid        not null,
    event_type     text        not null,
    subject        text        not null,
    occurred_at    timestamptz not null,
    recorded_at    timestamptz not null,
    actor          text        not null,
    cause          uuid,
    traceparent    text,
    data           jsonb       not null,
    constraint event_log_pkey primary key (recorded_at, event_seq)
) partition by range (recorded_at);

comment on table intake.event_log is 'What happened, never updated, never deleted; partitioned by month of recorded_at.';

-- Catches what no month takes, so that nothing is refused for want of a partition.
create table intake.event_log_default partition of intake.event_log default;

-- The first months; the service makes the next ones ahead of time (shared/events partition).
do $$
declare
    month timestamp := date_trunc('month', now() at time zone 'utc');
begin
    for ahead in 0..2 loop
        execute format(
            'create table intake.event_log_%s partition of intake.event_log for values from (%L) to (%L)',
            to_char(month, 'YYYY_MM'), month::text || '+00', (month + interval '1 month')::text || '+00');
        month := month + interval '1 month';
    end loop;
end $$;

create index event_log_window_idx on intake.event_log (transaction_id, event_seq);
create index event_log_subject_idx on intake.event_log (subject, event_seq);

create function intake.refuse_change_of_event_log() returns trigger language plpgsql as $$
begin
    raise exception 'the event log is append-only' using errcode = 'integrity_constraint_violation';
end $$;

create trigger event_log_append_only before update or delete on intake.event_log
    for each row execute function intake.refuse_change_of_event_log();
create trigger event_log_no_truncate before truncate on intake.event_log
    for each statement execute function intake.refuse_change_of_event_log();

-- What was answered to a request (shared/pg idempotency), for the same answer when it comes again.
create table intake.idempotency_keys (
    actor        text        not null,
    method       text        not null,
    request_id   uuid        not null,
    request_hash bytea       not null,
    response     jsonb,
    created_at   timestamptz not null,
    constraint idempotency_keys_pkey primary key (actor, method, request_id)
);

create index idempotency_keys_created_idx on intake.idempotency_keys (created_at);

-- How far this service has taken in the logs of others (shared/events consumer).
create table intake.consumer_cursors (
    consumer   text        not null,
    position   text        not null default '',
    -- When the source recorded the last event taken in; the age of what is still missing is the event lag.
    applied_at timestamptz,
    constraint consumer_cursors_pkey primary key (consumer)
);
