-- First-contact resolution (IN-10): what was resolved at the desk, and whether the same matter came again. What is on hold
-- (IN-18).

-- One row per contact that opened or joined a case, as its last event told it.
create table reporting.contact_facts (
    contact_id  uuid        not null,
    case_id     uuid        not null,
    -- Null while unknown.
    customer_id uuid,
    contact_at  timestamptz not null,
    constraint contact_facts_pkey primary key (contact_id)
);

create index contact_facts_case_idx on reporting.contact_facts (case_id, contact_at);
create index contact_facts_customer_idx on reporting.contact_facts (customer_id, contact_at) where customer_id is not null;

-- One row per case whose first resolution was the desk's. A reopening takes that off the case; here it stays.
create table reporting.desk_resolutions (
    case_id     uuid        not null,
    -- The contact that opened the case: its customer is the case's.
    contact_id  uuid        not null,
    site_id     text        not null,
    resolved_at timestamptz not null,
    -- The first reopening; null while there is none.
    reopened_at timestamptz,
    constraint desk_resolutions_pkey primary key (case_id)
);

create index desk_resolutions_resolved_idx on reporting.desk_resolutions (site_id, resolved_at);

-- The cases that a first-contact resolution is measured against.
create index case_facts_first_resolved_idx on reporting.case_facts (site_id, first_resolved_at)
    where first_resolved_at is not null;

-- Cases that are on hold now (IN-18): the live part only.
create table reporting.held_cases (
    case_id uuid        not null,
    site_id text        not null,
    reason  text        not null,
    held_at timestamptz not null,
    constraint held_cases_pkey primary key (case_id)
);

-- Contacts were not asked for before: the log is read again from its beginning. Telling facts again changes nothing in the
-- end (RE-11); until it has caught up, `as_of_time` says how far the figures are.
update reporting.consumer_cursors set position = '', applied_at = null where consumer = 'reporting.intake';
