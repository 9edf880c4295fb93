-- The front desk: sites with their registers, contacts, cases.

create table intake.sites (
    site_id      text        not null,
    display_name text        not null,
    -- IANA name: whose days the reports of this site count.
    time_zone    text        not null,
    -- ISO 3166-1 alpha-2: how phones in local form are read.
    phone_region text        not null,
    created_at   timestamptz not null,
    constraint sites_pkey primary key (site_id)
);

-- The last number of each public register. Locked once per batch: that makes gapless numbers affordable (IN-3).
create table intake.registers (
    site_id     text   not null,
    last_number bigint not null default 0,
    constraint registers_pkey primary key (site_id),
    constraint registers_site_fkey foreign key (site_id) references intake.sites (site_id),
    constraint registers_last_number_check check (last_number >= 0)
);

-- One row per inbound interaction (IN-4). Never changed, but for the customer once identified.
create table intake.contacts (
    contact_id      uuid        not null,
    site_id         text        not null,
    register_number bigint      not null,
    contact_at      timestamptz not null,
    channel         text        not null,
    purpose         text        not null,
    caller_name     text        not null,
    -- E.164; null when declined or not given.
    caller_phone    text,
    phone_declined  boolean     not null,
    caller_email    text,
    caller_address  text,
    caller_kind     text        not null,
    need            text        not null,
    heard_from      text,
    first_visit     boolean     not null,
    appointment     boolean     not null,
    -- Agent or service that registered it, as an actor.
    registered_by   text        not null,
    ring_seconds    double precision,
    wait_seconds    double precision,
    talk_seconds    double precision,
    wrap_up_seconds double precision,
    called_number   text,
    case_id         uuid,
    customer_id     uuid,
    constraint contacts_pkey primary key (contact_id),
    constraint contacts_register_key unique (site_id, register_number)
);

-- Personal registers: the same numbers, one agent's (IN-3).
create index contacts_personal_register_idx on intake.contacts (site_id, registered_by, register_number);
create index contacts_case_idx on intake.contacts (case_id) where case_id is not null;

-- What customers ask for, from acceptance to closure.
create table intake.cases (
    case_id                 uuid        not null,
    site_id                 text        not null,
    number                  text        not null,
    contact_id              uuid        not null,
    channel                 text        not null,
    kind                    text        not null,
    category                text        not null,
    title                   text        not null,
    description             text,
    district                text,
    address                 text,
    severity                text        not null,
    handling                text        not null,
    external_reference      text,
    state                   text        not null,
    customer_id             uuid,
    first_responsible_agent text,
    unit_id                 text,
    resolution              text,
    resolved_at_desk        boolean     not null,
    satisfaction            text,
    reopen_count            integer     not null,
    accepted_at             timestamptz not null,
    first_resolved_at       timestamptz,
    resolved_at             timestamptz,
    informed_at             timestamptz,
    inform_channel          text,
    inform_note             text,
    closed_at               timestamptz,
    updated_at              timestamptz not null,
    reason                  text,
    version                 bigint      not null,
    constraint cases_pkey primary key (case_id),
    constraint cases_number_key unique (site_id, number),
    constraint cases_resolved_check check (resolved_at is null or resolved_at >= accepted_at),
    constraint cases_closed_check check (closed_at is null or closed_at >= accepted_at)
);

-- What was brought over from another system is brought over once (IN-20).
create unique index cases_external_reference_key on intake.cases (site_id, external_reference)
    where external_reference is not null;
-- Lists go newest first by id, which is its time of creation; the live part has an index of its own.
create index cases_site_idx on intake.cases (site_id, case_id desc);
create index cases_open_idx on intake.cases (site_id, state, case_id desc) where state not in ('CLOSED', 'ARCHIVED', 'WITHDRAWN');
create index cases_customer_idx on intake.cases (customer_id, case_id desc) where customer_id is not null;
