-- Published numbers, calls with their events, and what agents do (IN-2, IN-3, IN-4, IN-5).

-- How long a call may ring to be answered in time: 3 rings.
alter table intake.sites add column answer_limit_seconds integer not null default 15
    constraint sites_answer_limit_check check (answer_limit_seconds between 1 and 600);

-- What customers dial; deleted ones stay, and their number may be published anew.
create table intake.published_numbers (
    published_number_id uuid        not null,
    -- E.164 or a short code.
    number              text        not null,
    site_id             text        not null,
    language            text,
    default_category    text,
    display_name        text        not null,
    channel             text        not null,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    deleted_at          timestamptz,
    version             bigint      not null,
    constraint published_numbers_pkey primary key (published_number_id),
    constraint published_numbers_site_fkey foreign key (site_id) references intake.sites (site_id)
);

create unique index published_numbers_number_key on intake.published_numbers (number) where deleted_at is null;
create index published_numbers_site_idx on intake.published_numbers (site_id, published_number_id) where deleted_at is null;

-- One row per call: what its events add up to. Locked while events of it are taken in.
create table intake.calls (
    call_id         uuid        not null,
    site_id         text        not null,
    -- Who reported its first event.
    source          text        not null,
    -- The telephony system's id.
    reference       text        not null,
    contact_id      uuid        not null,
    register_number bigint      not null,
    outcome         text,
    -- Who has it, or had it last.
    agent_id        text,
    -- The time of its first event.
    offered_at      timestamptz not null,
    ended_at        timestamptz,
    -- All that was computed from the events: domain/call/life.
    life            jsonb       not null,
    -- When an agent completed its contact.
    completed_at    timestamptz,
    updated_at      timestamptz not null,
    constraint calls_pkey primary key (call_id),
    constraint calls_reference_key unique (site_id, reference),
    constraint calls_site_fkey foreign key (site_id) references intake.sites (site_id)
);

create index calls_site_idx on intake.calls (site_id, offered_at desc, call_id desc);
create index calls_agent_idx on intake.calls (site_id, agent_id, offered_at desc, call_id desc) where agent_id is not null;
create index calls_live_idx on intake.calls (site_id, offered_at desc, call_id desc) where ended_at is null;

-- What telephony systems told. Append-only; the same event of a source is one row.
create table intake.call_events (
    source        text        not null,
    event_id      text        not null,
    call_id       uuid        not null,
    kind          text        not null,
    -- Orders events of the same time.
    kind_rank     smallint    not null,
    event_at      timestamptz not null,
    agent_id      text,
    caller_phone  text,
    called_number text,
    channel       text,
    language      text,
    recorded_at   timestamptz not null,
    constraint call_events_pkey primary key (source, event_id)
);

create index call_events_call_idx on intake.call_events (call_id, event_at, kind_rank, source, event_id);

-- The call of a contact; its words are empty until an agent completes it.
alter table intake.contacts add column call_id uuid;
create unique index contacts_call_key on intake.contacts (call_id) where call_id is not null;

-- What went on at the desks, span by span. Without call: what an agent said, spans without gap or overlap, the last one open.
-- With call: what the call implies for an agent, or for itself while it waits (no agent); replaced whenever it changes.
create table intake.desk_spans (
    site_id     text        not null,
    agent_id    text,
    state       text        not null,
    away_reason text,
    call_id     uuid,
    from_at     timestamptz not null,
    -- Null while it lasts, or when its end was never reported.
    until_at    timestamptz,
    constraint desk_spans_order_check check (until_at > from_at),
    constraint desk_spans_whose_check check (agent_id is not null or call_id is not null)
);

-- What went on at an instant, at any time in the past.
create index desk_spans_during_idx on intake.desk_spans using gist (tstzrange(from_at, until_at));
create index desk_spans_agent_idx on intake.desk_spans (agent_id, from_at) where agent_id is not null;
create index desk_spans_call_idx on intake.desk_spans (call_id) where call_id is not null;
-- The live part of what agents said; and there is one.
create unique index desk_spans_current_key on intake.desk_spans (agent_id) where call_id is null and until_at is null;
