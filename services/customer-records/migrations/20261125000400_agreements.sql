-- Agreements: kinds as data, the agreements with their documents and stages, what is to be paid and what came (CU-12).

create table customer_records.agreement_kinds (
    kind       text        not null,
    -- Checklist, stages and notice days, as domain/agreement/kind.rs has them.
    definition jsonb       not null,
    updated_at timestamptz not null,
    version    bigint      not null,
    constraint agreement_kinds_pkey primary key (kind)
);

create table customer_records.agreements (
    -- UUIDv7: "newest first" is its index read backwards.
    agreement_id uuid        not null,
    customer_id  uuid        not null,
    kind         text        not null,
    state        text        not null,
    units        integer     not null,
    currency     text        not null,
    expires_at   timestamptz,
    -- When the next announcement is to be made; null for none.
    fires_at     timestamptz,
    updated_at   timestamptz not null,
    version      bigint      not null,
    -- Texts, documents, stages, editions, as domain/agreement has them; the columns beside it are what is searched by.
    body         jsonb       not null,
    constraint agreements_pkey primary key (agreement_id),
    constraint agreements_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id),
    constraint agreements_kind_fkey foreign key (kind) references customer_records.agreement_kinds (kind),
    constraint agreements_state_check
        check (state in ('DRAFT', 'IN_REVIEW', 'APPROVED', 'SIGNED', 'FILED', 'RENEWED', 'CLOSED')),
    constraint agreements_units_check check (units >= 0),
    constraint agreements_currency_check check (currency ~ '^[A-Z]{3}$')
);

create index agreements_customer_idx on customer_records.agreements (customer_id, agreement_id);
create index agreements_kind_idx on customer_records.agreements (kind, agreement_id);
create index agreements_state_idx on customer_records.agreements (state, agreement_id);
create index agreements_expires_idx on customer_records.agreements (expires_at) where expires_at is not null;
-- Only what has an announcement to come: the cost of a poll does not grow with history.
create index agreements_fires_idx on customer_records.agreements (fires_at) where fires_at is not null;

create table customer_records.agreement_installments (
    agreement_id uuid        not null,
    number       integer     not null,
    amount       numeric     not null,
    due_at       timestamptz not null,
    received     numeric     not null,
    refunded     numeric     not null,
    announced    boolean     not null,
    missed       boolean     not null,
    constraint agreement_installments_pkey primary key (agreement_id, number),
    constraint agreement_installments_agreement_fkey foreign key (agreement_id)
        references customer_records.agreements (agreement_id) on delete cascade,
    constraint agreement_installments_amount_check check (amount > 0),
    constraint agreement_installments_balance_check check (0 <= refunded and refunded <= received and received <= amount)
);

create table customer_records.agreement_payments (
    agreement_id uuid        not null,
    number       integer     not null,
    direction    text        not null,
    amount       numeric     not null,
    paid_at      timestamptz not null,
    reference    text        not null,
    actor        text        not null,
    -- Numbers of installments and, at the same places, what of the amount falls to each.
    part_numbers integer[]   not null,
    part_amounts numeric[]   not null,
    constraint agreement_payments_pkey primary key (agreement_id, number),
    constraint agreement_payments_agreement_fkey foreign key (agreement_id)
        references customer_records.agreements (agreement_id) on delete cascade,
    constraint agreement_payments_direction_check check (direction in ('RECEIVED', 'REFUNDED')),
    constraint agreement_payments_amount_check check (amount > 0),
    constraint agreement_payments_parts_check check (cardinality(part_numbers) = cardinality(part_amounts))
);

comment on table customer_records.agreement_payments is 'Money that came or went: appended, never changed.';
