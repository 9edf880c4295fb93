-- Who is whose, and who therefore is one customer (CU-3).

create table customer_records.relationships (
    relationship_id uuid        not null,
    customer_id     uuid        not null,
    kind            text        not null,
    related_id      uuid        not null,
    created_at      timestamptz not null,
    created_by      text        not null,
    -- Null while it holds; kept ever after.
    ended_at        timestamptz,
    ended_by        text,
    version         bigint      not null,
    constraint relationships_pkey primary key (relationship_id),
    constraint relationships_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id),
    constraint relationships_related_fkey foreign key (related_id) references customer_records.customers (customer_id),
    constraint relationships_kind_check
        check (kind in ('SPOUSE', 'PARENT', 'SHAREHOLDER', 'OTHER_RELATIVE', 'FRIEND', 'EMPLOYEE', 'MEMBER')),
    constraint relationships_two_check check (customer_id <> related_id),
    constraint relationships_end_check check ((ended_at is null) = (ended_by is null))
);

-- One of a kind holds between two, whoever is named first by those that have no direction (stored smaller id first).
create unique index relationships_holding_key on customer_records.relationships (customer_id, related_id, kind) where ended_at is null;
create index relationships_customer_idx on customer_records.relationships (customer_id, relationship_id desc);
create index relationships_related_idx on customer_records.relationships (related_id, relationship_id desc);

create table customer_records.same_customer_rulings (
    same_customer_ruling_id uuid        not null,
    -- The smaller id first.
    customer_id             uuid        not null,
    other_id                uuid        not null,
    decision                text        not null,
    reason                  text        not null,
    created_at              timestamptz not null,
    created_by              text        not null,
    ended_at                timestamptz,
    ended_by                text,
    version                 bigint      not null,
    constraint same_customer_rulings_pkey primary key (same_customer_ruling_id),
    constraint same_customer_rulings_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id),
    constraint same_customer_rulings_other_fkey foreign key (other_id) references customer_records.customers (customer_id),
    constraint same_customer_rulings_decision_check check (decision in ('JOIN', 'KEEP_APART')),
    constraint same_customer_rulings_two_check check (customer_id < other_id),
    constraint same_customer_rulings_end_check check ((ended_at is null) = (ended_by is null))
);

create unique index same_customer_rulings_holding_key on customer_records.same_customer_rulings (customer_id, other_id) where ended_at is null;
create index same_customer_rulings_customer_idx on customer_records.same_customer_rulings (customer_id, same_customer_ruling_id desc);
create index same_customer_rulings_other_idx on customer_records.same_customer_rulings (other_id, same_customer_ruling_id desc);

-- Everybody who is one with somebody else; who stands here not is one alone.
create table customer_records.same_customer_members (
    customer_id       uuid not null,
    -- The smallest id of the group.
    representative_id uuid not null,
    constraint same_customer_members_pkey primary key (customer_id),
    constraint same_customer_members_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id)
);

create index same_customer_members_representative_idx on customer_records.same_customer_members (representative_id, customer_id);

comment on table customer_records.same_customer_members is
    'Connected components of what joins; changed only while the advisory locks of all their representatives are held.';
