-- Who they are: customers and the contact points that find them (CU-1, CU-2).

create table customer_records.customers (
    -- UUIDv7: sorts by time of creation, so "newest first" is its index read backwards.
    customer_id  uuid        not null,
    kind         text        not null,
    display_name text        not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    -- One more for every change, also of contact points; the etag.
    version      bigint      not null,
    constraint customers_pkey primary key (customer_id),
    constraint customers_kind_check check (kind in ('PERSON', 'HOUSEHOLD', 'ORGANISATION', 'OUTLET')),
    constraint customers_display_name_check check (display_name <> '')
);

create table customer_records.contact_points (
    customer_id uuid     not null,
    kind        text     not null,
    -- What is compared: E.164, the lower-cased address of e-mail, the case-folded postal address.
    match_key   text     not null,
    -- What is shown.
    value       text     not null,
    -- Order as given, from 0.
    position    smallint not null,
    -- Whether it finds its customer: phones and e-mails always, addresses of all but persons.
    identifying boolean  not null,
    constraint contact_points_pkey primary key (customer_id, kind, match_key),
    constraint contact_points_customer_fkey foreign key (customer_id)
        references customer_records.customers (customer_id) on delete cascade,
    constraint contact_points_kind_check check (kind in ('PHONE', 'EMAIL', 'ADDRESS')),
    constraint contact_points_identifying_check check (identifying or kind = 'ADDRESS')
);

-- Finds a customer in one lookup (CU-17), and lets one contact point identify one customer only, however many try at once.
create unique index contact_points_identity_key on customer_records.contact_points (kind, match_key) where identifying;

-- Lists the persons of an address.
create index contact_points_shared_idx on customer_records.contact_points (kind, match_key, customer_id) where not identifying;

comment on table customer_records.customers is 'Who asks: persons, households, organisations, outlets.';
comment on table customer_records.contact_points is 'How a customer is reached and found; at most 50 each.';
comment on column customer_records.contact_points.match_key is 'What is compared: never a text as typed, always the normalised one.';
