-- The ground that every service stands on. Reporting changes nothing but its projections, so it has no event log and no
-- memory of requests: its cursors alone.

-- How far this service has taken in the logs of others (shared/events consumer).
create table reporting.consumer_cursors (
    consumer   text        not null,
    position   text        not null default '',
    -- When the source recorded the last event taken in; the age of what is still missing is the event lag.
    applied_at timestamptz,
    constraint consumer_cursors_pkey primary key (consumer)
);
