-- Holds (IN-18), handovers of the first responsibility (IN-11), notices to the staff (IN-13).

-- New cases never start on hold: null and 0 are written for them by default.
alter table intake.cases
    -- Null when not on hold.
    add column hold_reason      text,
    add column hold_note        text,
    add column held_at          timestamptz,
    -- When it is expected to go on; nothing happens by itself then.
    add column hold_expected_at timestamptz,
    -- Of all ended spells.
    add column held_seconds     double precision not null default 0,
    add constraint cases_hold_check check ((held_at is null) = (hold_reason is null)),
    add constraint cases_held_seconds_check check (held_seconds >= 0);

-- What waits, and since when: its cost does not grow with what is done.
create index cases_held_idx on intake.cases (site_id, held_at) where held_at is not null;

-- One row per spell on hold.
create table intake.case_holds (
    hold_id     uuid        not null,
    case_id     uuid        not null,
    reason      text        not null,
    note        text,
    expected_at timestamptz,
    held_at     timestamptz not null,
    -- As an actor.
    held_by     text        not null,
    -- Null while it lasts.
    resumed_at  timestamptz,
    resumed_by  text,
    resume_note text,
    constraint case_holds_pkey primary key (hold_id),
    constraint case_holds_resumed_check check ((resumed_at is null) = (resumed_by is null))
);

-- A case is on hold once at a time.
create unique index case_holds_open_key on intake.case_holds (case_id) where resumed_at is null;
create index case_holds_case_idx on intake.case_holds (case_id, held_at);

-- Offers of the first responsibility, kept as its history.
create table intake.handovers (
    handover_id    uuid        not null,
    case_id        uuid        not null,
    -- Null for a case that nobody accepted in person.
    from_agent     text,
    to_agent       text        not null,
    reason         text        not null,
    state          text        not null,
    -- As an actor.
    offered_by     text        not null,
    offered_at     timestamptz not null,
    -- Null while offered.
    ended_at       timestamptz,
    decline_reason text,
    version        bigint      not null,
    constraint handovers_pkey primary key (handover_id),
    constraint handovers_ended_check check ((state = 'OFFERED') = (ended_at is null))
);

-- At most one open per case.
create unique index handovers_open_key on intake.handovers (case_id) where state = 'OFFERED';
create index handovers_case_idx on intake.handovers (case_id, handover_id desc);
create index handovers_inbox_idx on intake.handovers (to_agent, handover_id desc) where state = 'OFFERED';
create index handovers_to_agent_idx on intake.handovers (to_agent, handover_id desc);

-- Orders notices of one transaction.
create sequence intake.notice_seq;

-- What the staff have to know at once; no personal data.
create table intake.notices (
    notice_id       uuid        not null,
    -- With the transaction's id the place in the stream: below the oldest running transaction nothing can appear any more.
    notice_seq      bigint      not null default nextval('intake.notice_seq'),
    transaction_id  bigint      not null default (pg_current_xact_id()::text::bigint),
    kind            text        not null,
    case_id         uuid        not null,
    -- agents/{agent}, roles/{role} or units/{unit}.
    recipient       text        not null,
    -- What tells two notices of one kind for one case and recipient apart.
    occasion        text        not null,
    created_at      timestamptz not null,
    -- Null while unread.
    acknowledged_at timestamptz,
    acknowledged_by text,
    version         bigint      not null,
    constraint notices_pkey primary key (notice_id),
    -- One notice for one occasion, however often its cause is taken in.
    constraint notices_occasion_key unique (case_id, kind, recipient, occasion),
    constraint notices_acknowledged_check check ((acknowledged_at is null) = (acknowledged_by is null))
);

create index notices_recipient_idx on intake.notices (recipient, notice_id desc);
-- Lists and streams of what is unread: their cost does not grow with what was read.
create index notices_unread_idx on intake.notices (recipient, notice_id desc) where acknowledged_at is null;
create index notices_stream_idx on intake.notices (recipient, transaction_id, notice_seq) where acknowledged_at is null;
