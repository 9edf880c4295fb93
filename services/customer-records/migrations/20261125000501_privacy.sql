-- Who saw what is masked, what must not be erased, and what was (CU-14). Nothing personal: ids and codes.

create table customer_records.unmaskings (
    -- UUIDv7: sorts by time.
    unmasking_id uuid        not null,
    customer_id  uuid        not null,
    actor        text        not null,
    purpose      text        not null,
    fields       text[]      not null,
    unmasked_at  timestamptz not null,
    constraint unmaskings_pkey primary key (unmasking_id),
    constraint unmaskings_fields_check check (cardinality(fields) > 0)
);

create index unmaskings_customer_idx on customer_records.unmaskings (customer_id, unmasking_id desc);

comment on table customer_records.unmaskings is 'Never updated, never deleted.';

create function customer_records.refuse_change_of_unmaskings() returns trigger language plpgsql as $$
begin
    raise exception 'unmaskings are append-only' using errcode = 'integrity_constraint_violation';
end $$;

create trigger unmaskings_append_only before update or delete on customer_records.unmaskings
    for each row execute function customer_records.refuse_change_of_unmaskings();
create trigger unmaskings_no_truncate before truncate on customer_records.unmaskings
    for each statement execute function customer_records.refuse_change_of_unmaskings();

create table customer_records.legal_holds (
    legal_hold_id uuid        not null,
    customer_id   uuid        not null,
    reference     text        not null,
    placed_by     text        not null,
    placed_at     timestamptz not null,
    released_by   text,
    released_at   timestamptz,
    version       bigint      not null,
    constraint legal_holds_pkey primary key (legal_hold_id),
    constraint legal_holds_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id),
    constraint legal_holds_released_check check ((released_at is null) = (released_by is null))
);

create index legal_holds_customer_idx on customer_records.legal_holds (customer_id, legal_hold_id desc);
create index legal_holds_standing_idx on customer_records.legal_holds (customer_id) where released_at is null;

create table customer_records.erasures (
    erasure_id   uuid        not null,
    customer_id  uuid        not null,
    reason       text        not null,
    requested_by text        not null,
    requested_at timestamptz not null,
    constraint erasures_pkey primary key (erasure_id),
    -- Nobody is erased twice.
    constraint erasures_customer_key unique (customer_id)
);

-- What each service did: the receipt.
create table customer_records.erasure_parts (
    erasure_id    uuid        not null,
    service       text        not null,
    -- Keeps ids and codes alone.
    holds_nothing boolean     not null,
    -- Null while it has not answered.
    done_at       timestamptz,
    constraint erasure_parts_pkey primary key (erasure_id, service),
    constraint erasure_parts_erasure_fkey foreign key (erasure_id) references customer_records.erasures (erasure_id)
);
