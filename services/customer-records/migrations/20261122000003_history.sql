-- What happened with them, as intake and dispatch told it: projections of their events, never a source of truth. No foreign
-- keys between them, because the logs of two services arrive in any order.

create table customer_records.contact_links (
    contact_id  uuid        not null,
    customer_id uuid        not null,
    -- When the contact came in; of imported history, long ago.
    contact_at  timestamptz not null,
    -- The case that it opened or joined.
    case_id     uuid,
    constraint contact_links_pkey primary key (contact_id)
);

-- How often a customer came in the last 30 days (IN-6), and all contacts of a customer (CU-16).
create index contact_links_customer_idx on customer_records.contact_links (customer_id, contact_at desc) include (contact_id);

create table customer_records.case_links (
    case_id     uuid        not null,
    -- Unknown until the contact that opened the case is identified.
    customer_id uuid,
    -- The contact that opened it.
    contact_id  uuid        not null,
    number      text        not null,
    category    text        not null,
    accepted_at timestamptz not null,
    -- Neither closed nor archived nor withdrawn.
    open        boolean     not null,
    constraint case_links_pkey primary key (case_id)
);

-- The open cases of a customer (IN-6): stays as small as what is open, whatever the history.
create index case_links_open_idx on customer_records.case_links (customer_id, accepted_at desc, case_id desc) where open;

-- All cases of a customer (CU-16).
create index case_links_customer_idx on customer_records.case_links (customer_id) include (case_id);

create table customer_records.timeline_entries (
    -- The event's id: told again, it is not written again.
    entry_id     uuid        not null,
    -- Order of arrival: the feed keeps the order of one subject, so this breaks ties of occurred_at.
    entry_number bigint      not null generated always as identity,
    case_id      uuid,
    -- Set on entries of a contact alone; they follow the contact's customer, all others the case's.
    contact_id   uuid,
    occurred_at  timestamptz not null,
    event_type   text        not null,
    subject      text        not null,
    actor        text        not null,
    site_id      text,
    constraint timeline_entries_pkey primary key (entry_id),
    constraint timeline_entries_owner_check check (case_id is not null or contact_id is not null)
);

-- Entries are kept by case or contact, not by customer: who the customer is may become known, or change, later, and then
-- nothing here has to be written again.
create index timeline_entries_case_idx on customer_records.timeline_entries (case_id, occurred_at desc, entry_number desc)
    where contact_id is null;
create index timeline_entries_contact_idx on customer_records.timeline_entries (contact_id, occurred_at desc, entry_number desc)
    where contact_id is not null;

comment on table customer_records.contact_links is 'Whose contact it was.';
comment on table customer_records.case_links is 'Whose case it is, and whether it is open.';
comment on table customer_records.timeline_entries is 'One line per event of a case, its work orders and tasks, or of a contact.';
