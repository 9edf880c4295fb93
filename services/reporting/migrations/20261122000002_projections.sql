-- What the events of intake and dispatch say, in the shape in which it is counted. Every row can be rebuilt from their
-- logs; nothing here is a source of truth.

-- Sites of which a case is known.
create table reporting.sites (
    site_id   text not null,
    -- IANA name: whose days the reports of this site count.
    time_zone text not null,
    constraint sites_pkey primary key (site_id)
);

-- One row per case, as its last event told it.
create table reporting.case_facts (
    case_id           uuid        not null,
    number            text        not null,
    site_id           text        not null,
    time_zone         text        not null,
    channel           text        not null,
    kind              text        not null,
    category          text        not null,
    -- Null for none.
    unit_id           text,
    state             text        not null,
    accepted_at       timestamptz not null,
    -- A reopening does not move it.
    first_resolved_at timestamptz,
    -- The last resolution; null while reopened.
    resolved_at       timestamptz,
    closed_at         timestamptz,
    -- The site's own days of accepted_at and resolved_at.
    received_on       date        not null,
    resolved_on       date,
    constraint case_facts_pkey primary key (case_id),
    constraint case_facts_resolved_on_check check ((resolved_at is null) = (resolved_on is null))
);

create index case_facts_received_idx on reporting.case_facts (site_id, received_on);
-- The cases behind a figure come in order of acceptance.
create index case_facts_accepted_idx on reporting.case_facts (site_id, accepted_at, case_id);
create index case_facts_resolved_idx on reporting.case_facts (site_id, resolved_on) where resolved_on is not null;

-- The value of a case in a dimension. Breakdowns and the lists behind them share it, so that they cannot differ (RE-2).
create function reporting.key_of(facts reporting.case_facts, dimension text) returns text
language sql immutable
return case dimension
    when 'CHANNEL' then (facts).channel
    when 'KIND' then (facts).kind
    when 'CATEGORY' then (facts).category
    when 'UNIT' then coalesce((facts).unit_id, '')
    when 'STATE' then (facts).state
end;

-- One row per work order, as its last event told it.
create table reporting.work_order_facts (
    work_order_id uuid        not null,
    case_id       uuid        not null,
    -- 1 for the first of a case.
    attempt       integer     not null,
    site_id       text        not null,
    state         text        not null,
    -- Null while unrouted.
    unit_id       text,
    -- Null while nobody has it.
    agent_id      text,
    rework_count  integer     not null,
    created_at    timestamptz not null,
    completed_at  timestamptz,
    constraint work_order_facts_pkey primary key (work_order_id)
);

-- One row per task, as its last event told it.
create table reporting.task_facts (
    task_id         uuid        not null,
    kind            text        not null,
    case_id         uuid        not null,
    site_id         text        not null,
    state           text        not null,
    due_at          timestamptz not null,
    failed_attempts integer     not null,
    -- Null unless the customer answered.
    satisfaction    text,
    completed_at    timestamptz,
    constraint task_facts_pkey primary key (task_id)
);

-- The live part only: its cost does not grow with what is done.
create index task_facts_open_idx on reporting.task_facts (site_id, kind, due_at) where state = 'OPEN';

-- Who gets work.
create table reporting.agent_presence (
    agent_id text not null,
    unit_id  text not null,
    presence text not null,
    constraint agent_presence_pkey primary key (agent_id)
);

create index agent_presence_signed_in_idx on reporting.agent_presence (agent_id) where presence = 'SIGNED_IN';

-- How many cases and work orders are in which state, kept up with the facts by applying differences: the wallboard reads
-- a few rows however long the history is (RE-1).
create table reporting.live_counts (
    -- CASE or WORK_ORDER.
    subject text   not null,
    site_id text   not null,
    state   text   not null,
    count   bigint not null,
    constraint live_counts_pkey primary key (subject, site_id, state),
    constraint live_counts_not_negative_check check (count >= 0)
);
