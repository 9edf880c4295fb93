-- The archive: kinds and retention classes as data, the catalogue, loans, quotes, and monthly hand-ins of customer files (CU-13).

create table customer_records.retention_classes (
    class        text        not null,
    display_name text        not null,
    -- From the retirement; null for forever.
    period_days  integer,
    updated_at   timestamptz not null,
    version      bigint      not null,
    constraint retention_classes_pkey primary key (class),
    constraint retention_classes_period_check check (period_days between 1 and 36500)
);

create table customer_records.archive_kinds (
    kind            text        not null,
    retention_class text        not null,
    updated_at      timestamptz not null,
    version         bigint      not null,
    -- Fields and what its entries can do, as domain/archive/kind.rs has them.
    definition      jsonb       not null,
    constraint archive_kinds_pkey primary key (kind),
    constraint archive_kinds_class_fkey foreign key (retention_class) references customer_records.retention_classes (class)
);

create table customer_records.archive_entries (
    -- UUIDv7: "newest first" is its index read backwards.
    entry_id       uuid        not null,
    kind           text        not null,
    state          text        not null,
    -- 1 PUBLIC to 4 SECRET: who has the level sees it and all below.
    level          smallint    not null,
    parent_id      uuid,
    -- When it may be destroyed; null for not retired, or kept forever.
    retained_until timestamptz,
    -- When the next announcement is to be made; null for none.
    fires_at       timestamptz,
    updated_at     timestamptz not null,
    version        bigint      not null,
    -- All of it, as domain/archive has it; the columns beside it are what is searched by.
    body           jsonb       not null,
    constraint archive_entries_pkey primary key (entry_id),
    constraint archive_entries_kind_fkey foreign key (kind) references customer_records.archive_kinds (kind),
    constraint archive_entries_parent_fkey foreign key (parent_id) references customer_records.archive_entries (entry_id),
    constraint archive_entries_state_check check (state in ('ACTIVE', 'RETIRED', 'DESTRUCTION_PROPOSED', 'DESTROYED')),
    constraint archive_entries_level_check check (level between 1 and 4)
);

create index archive_entries_kind_idx on customer_records.archive_entries (kind, entry_id);
create index archive_entries_state_idx on customer_records.archive_entries (state, entry_id) where state <> 'ACTIVE';
create index archive_entries_parent_idx on customer_records.archive_entries (parent_id, entry_id) where parent_id is not null;
create index archive_entries_due_idx on customer_records.archive_entries (retained_until, entry_id) where state = 'RETIRED';
-- Only what has an announcement to come: the cost of a poll does not grow with history.
create index archive_entries_fires_idx on customer_records.archive_entries (fires_at) where fires_at is not null;

create table customer_records.archive_loans (
    loan_id     uuid        not null,
    entry_id    uuid        not null,
    borrower    text        not null,
    lender      text        not null,
    lent_at     timestamptz not null,
    due_at      timestamptz not null,
    returned_at timestamptz,
    overdue     boolean     not null,
    constraint archive_loans_pkey primary key (loan_id),
    constraint archive_loans_entry_fkey foreign key (entry_id) references customer_records.archive_entries (entry_id),
    constraint archive_loans_due_check check (due_at > lent_at)
);

-- One borrower at a time, whatever the code does.
create unique index archive_loans_open_key on customer_records.archive_loans (entry_id) where returned_at is null;
create index archive_loans_entry_idx on customer_records.archive_loans (entry_id, loan_id);
create index archive_loans_borrower_idx on customer_records.archive_loans (borrower, loan_id);
create index archive_loans_overdue_idx on customer_records.archive_loans (loan_id) where overdue;

create table customer_records.supplier_quotes (
    quote_id  uuid        not null,
    entry_id  uuid        not null,
    subject   text        not null,
    amount    numeric     not null,
    currency  text        not null,
    reference text        not null,
    actor     text        not null,
    quoted_at timestamptz not null,
    constraint supplier_quotes_pkey primary key (quote_id),
    constraint supplier_quotes_entry_fkey foreign key (entry_id) references customer_records.archive_entries (entry_id),
    constraint supplier_quotes_amount_check check (amount > 0)
);

create index supplier_quotes_entry_idx on customer_records.supplier_quotes (entry_id, quote_id);

create table customer_records.hand_ins (
    hand_in_id uuid        not null,
    agent      text        not null,
    -- Such as 2026-11.
    month      text        not null,
    due_at     timestamptz not null,
    -- The due time while a file is neither in nor told as missing; else null.
    fires_at   timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version    bigint      not null,
    constraint hand_ins_pkey primary key (hand_in_id),
    constraint hand_ins_agent_month_key unique (agent, month)
);

create index hand_ins_month_idx on customer_records.hand_ins (month, hand_in_id);
create index hand_ins_fires_idx on customer_records.hand_ins (fires_at) where fires_at is not null;

create table customer_records.hand_in_files (
    hand_in_id   uuid        not null,
    customer_id  uuid        not null,
    handed_in_at timestamptz,
    receiver     text,
    file_number  text,
    -- Told as missing.
    missed       boolean     not null,
    constraint hand_in_files_pkey primary key (hand_in_id, customer_id),
    constraint hand_in_files_hand_in_fkey foreign key (hand_in_id) references customer_records.hand_ins (hand_in_id),
    constraint hand_in_files_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id),
    constraint hand_in_files_receipt_check
        check ((handed_in_at is null) = (receiver is null) and (handed_in_at is null) = (file_number is null))
);

create index hand_in_files_customer_idx on customer_records.hand_in_files (customer_id);

insert into customer_records.retention_classes (class, display_name, period_days, updated_at, version) values
    ('short', 'Three years', 1095, timestamptz '2026-11-25 00:00+00', 1),
    ('long', 'Ten years', 3650, timestamptz '2026-11-25 00:00+00', 1),
    ('permanent', 'Forever', null, timestamptz '2026-11-25 00:00+00', 1);

insert into customer_records.archive_kinds (kind, retention_class, updated_at, version, definition) values
    ('contract', 'long', timestamptz '2026-11-25 00:00+00', 1, '{"code": "contract", "display_name": "Contract", "retention_class": "long", "fields": [
        {"code": "number", "display_name": "Number", "field_type": "TEXT", "required": true},
        {"code": "party", "display_name": "Other party", "field_type": "TEXT", "required": true},
        {"code": "customer", "display_name": "Customer", "field_type": "CUSTOMER"},
        {"code": "signed_on", "display_name": "Signed on", "field_type": "DATE"},
        {"code": "ends_on", "display_name": "Ends on", "field_type": "DATE"},
        {"code": "amount", "display_name": "Amount", "field_type": "DECIMAL"}]}'),
    ('dealer', 'long', timestamptz '2026-11-25 00:00+00', 1, '{"code": "dealer", "display_name": "Dealer", "retention_class": "long", "fields": [
        {"code": "name", "display_name": "Name", "field_type": "TEXT", "required": true},
        {"code": "address", "display_name": "Address", "field_type": "TEXT", "required": true},
        {"code": "delivery_address", "display_name": "Delivery address", "field_type": "TEXT", "required": true},
        {"code": "person", "display_name": "Person in charge", "field_type": "TEXT", "required": true},
        {"code": "phones", "display_name": "Phones", "field_type": "PHONE", "required": true, "repeated": true},
        {"code": "products", "display_name": "Products", "field_type": "TEXT", "required": true, "repeated": true},
        {"code": "territory", "display_name": "Territory", "field_type": "TEXT", "required": true}]}'),
    ('sub_dealer', 'long', timestamptz '2026-11-25 00:00+00', 1, '{"code": "sub_dealer", "display_name": "Sub-dealer", "retention_class": "long", "parent_kind": "dealer", "fields": [
        {"code": "name", "display_name": "Name", "field_type": "TEXT", "required": true},
        {"code": "address", "display_name": "Address", "field_type": "TEXT", "required": true},
        {"code": "delivery_address", "display_name": "Delivery address", "field_type": "TEXT", "required": true},
        {"code": "person", "display_name": "Person in charge", "field_type": "TEXT", "required": true},
        {"code": "phones", "display_name": "Phones", "field_type": "PHONE", "required": true, "repeated": true},
        {"code": "products", "display_name": "Products", "field_type": "TEXT", "required": true, "repeated": true},
        {"code": "territory", "display_name": "Territory", "field_type": "TEXT", "required": true}]}'),
    ('supplier', 'long', timestamptz '2026-11-25 00:00+00', 1, '{"code": "supplier", "display_name": "Supplier", "retention_class": "long", "assessed": true, "fields": [
        {"code": "name", "display_name": "Name", "field_type": "TEXT", "required": true},
        {"code": "address", "display_name": "Address", "field_type": "TEXT", "required": true},
        {"code": "person", "display_name": "Person in charge", "field_type": "TEXT", "required": true},
        {"code": "phones", "display_name": "Phones", "field_type": "PHONE", "required": true, "repeated": true},
        {"code": "products", "display_name": "Products", "field_type": "TEXT", "required": true, "repeated": true}]}'),
    ('terminal', 'short', timestamptz '2026-11-25 00:00+00', 1, '{"code": "terminal", "display_name": "Terminal", "retention_class": "short", "fields": [
        {"code": "name", "display_name": "Name", "field_type": "TEXT", "required": true},
        {"code": "address", "display_name": "Address", "field_type": "TEXT", "required": true},
        {"code": "person", "display_name": "Person in charge", "field_type": "TEXT"},
        {"code": "phones", "display_name": "Phones", "field_type": "PHONE", "repeated": true},
        {"code": "class", "display_name": "Class", "field_type": "CHOICE", "options": ["A", "B", "C"]}]}'),
    ('stock', 'short', timestamptz '2026-11-25 00:00+00', 1, '{"code": "stock", "display_name": "Stock", "retention_class": "short", "fields": [
        {"code": "product", "display_name": "Product", "field_type": "TEXT", "required": true},
        {"code": "quantity", "display_name": "Quantity", "field_type": "DECIMAL", "required": true},
        {"code": "unit", "display_name": "Unit", "field_type": "TEXT", "required": true},
        {"code": "warehouse", "display_name": "Warehouse", "field_type": "TEXT", "required": true},
        {"code": "counted_on", "display_name": "Counted on", "field_type": "DATE"}]}'),
    ('staff', 'long', timestamptz '2026-11-25 00:00+00', 1, '{"code": "staff", "display_name": "Staff", "retention_class": "long", "fields": [
        {"code": "name", "display_name": "Name", "field_type": "TEXT", "required": true},
        {"code": "position", "display_name": "Position", "field_type": "TEXT", "required": true},
        {"code": "unit", "display_name": "Unit", "field_type": "TEXT"},
        {"code": "phones", "display_name": "Phones", "field_type": "PHONE", "repeated": true},
        {"code": "hired_on", "display_name": "Hired on", "field_type": "DATE"}]}'),
    ('key_consumer', 'long', timestamptz '2026-11-25 00:00+00', 1, '{"code": "key_consumer", "display_name": "Key consumer", "retention_class": "long", "fields": [
        {"code": "customer", "display_name": "Customer", "field_type": "CUSTOMER", "required": true},
        {"code": "phones", "display_name": "Phones", "field_type": "PHONE", "repeated": true},
        {"code": "preferences", "display_name": "Preferences", "field_type": "TEXT", "repeated": true}]}'),
    ('notice', 'short', timestamptz '2026-11-25 00:00+00', 1, '{"code": "notice", "display_name": "Notice", "retention_class": "short", "fields": [
        {"code": "number", "display_name": "Number", "field_type": "TEXT", "required": true},
        {"code": "issued_on", "display_name": "Issued on", "field_type": "DATE", "required": true},
        {"code": "text", "display_name": "Text", "field_type": "TEXT"}]}'),
    ('standard_form', 'long', timestamptz '2026-11-25 00:00+00', 1, '{"code": "standard_form", "display_name": "Standard form", "retention_class": "long", "versioned": true, "fields": [
        {"code": "number", "display_name": "Number", "field_type": "TEXT", "required": true},
        {"code": "purpose", "display_name": "Purpose", "field_type": "TEXT"}]}'),
    ('contract_template', 'permanent', timestamptz '2026-11-25 00:00+00', 1, '{"code": "contract_template", "display_name": "Contract template", "retention_class": "permanent", "versioned": true, "fields": [
        {"code": "number", "display_name": "Number", "field_type": "TEXT", "required": true},
        {"code": "purpose", "display_name": "Purpose", "field_type": "TEXT"}]}');
