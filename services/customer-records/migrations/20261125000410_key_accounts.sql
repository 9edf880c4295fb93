-- Key accounts: thresholds as data, the accounts with their plans and contracts, members and changes of them, and who saw prices
-- (CU-11).

create table customer_records.key_account_thresholds (
    threshold   text        not null,
    units       integer     not null,
    group_units integer     not null,
    -- Codes of agreement kinds whose units count; empty for all.
    kinds       text[]      not null,
    inactive    boolean     not null,
    updated_at  timestamptz not null,
    version     bigint      not null,
    constraint key_account_thresholds_pkey primary key (threshold),
    constraint key_account_thresholds_units_check check (units > 0 and group_units > 0)
);

insert into customer_records.key_account_thresholds (threshold, units, group_units, kinds, inactive, updated_at, version)
values ('default', 10, 10, '{}', false, '2026-11-25 00:04:10+00', 1);

create table customer_records.key_accounts (
    -- UUIDv7: "newest first" is its index read backwards.
    key_account_id uuid        not null,
    state          text        not null,
    units          bigint      not null,
    member_count   integer     not null,
    updated_at     timestamptz not null,
    version        bigint      not null,
    -- Plans and contract, as domain/key_account has them; amounts are decimal texts in it. No member and no customer stands in it.
    body           jsonb       not null,
    constraint key_accounts_pkey primary key (key_account_id),
    constraint key_accounts_state_check
        check (state in ('CANDIDATE', 'PROPOSED', 'APPROVED', 'ACTIVE', 'DISMISSED', 'CLOSED')),
    constraint key_accounts_units_check check (units >= 0),
    constraint key_accounts_member_count_check check (member_count > 0)
);

create index key_accounts_state_idx on customer_records.key_accounts (state, key_account_id);

create table customer_records.key_account_members (
    member_id      uuid        not null,
    key_account_id uuid        not null,
    -- Merged customers are moved here row by row, so that a customer may come to be a member twice: units count once.
    customer_id    uuid        not null,
    -- Personal data: the name in the contract.
    display_name   text        not null,
    joined_at      timestamptz not null,
    -- Rows stay when members leave: who was a member when is history.
    left_at        timestamptz,
    constraint key_account_members_pkey primary key (member_id),
    constraint key_account_members_account_fkey foreign key (key_account_id)
        references customer_records.key_accounts (key_account_id),
    constraint key_account_members_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id),
    constraint key_account_members_left_check check (left_at >= joined_at)
);

create index key_account_members_account_idx on customer_records.key_account_members (key_account_id) where left_at is null;
create index key_account_members_customer_idx on customer_records.key_account_members (customer_id);

create table customer_records.member_changes (
    member_change_id uuid        not null,
    key_account_id   uuid        not null,
    kind             text        not null,
    state            text        not null,
    member_id        uuid,
    customer_id      uuid,
    -- Personal data: the new name.
    display_name     text,
    evidence_id      uuid        not null,
    sha256           text        not null,
    reason           text        not null,
    requested_by     text        not null,
    requested_at     timestamptz not null,
    decided_by       text,
    decided_at       timestamptz,
    reject_reason    text,
    version          bigint      not null,
    constraint member_changes_pkey primary key (member_change_id),
    constraint member_changes_account_fkey foreign key (key_account_id)
        references customer_records.key_accounts (key_account_id),
    constraint member_changes_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id),
    constraint member_changes_kind_check check (kind in ('ADD', 'RENAME', 'REPLACE', 'REMOVE')),
    constraint member_changes_state_check check (state in ('PENDING', 'APPROVED', 'REJECTED')),
    constraint member_changes_member_check check ((kind = 'ADD') = (member_id is null)),
    constraint member_changes_customer_check check ((kind in ('ADD', 'REPLACE')) = (customer_id is not null)),
    constraint member_changes_name_check check ((kind = 'REMOVE') = (display_name is null)),
    constraint member_changes_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
    constraint member_changes_decided_check
        check ((state = 'PENDING') = (decided_by is null) and (state = 'PENDING') = (decided_at is null)),
    constraint member_changes_decider_check check (decided_by <> requested_by)
);

create index member_changes_account_idx on customer_records.member_changes (key_account_id, member_change_id);
create index member_changes_customer_idx on customer_records.member_changes (customer_id) where customer_id is not null;
-- A member waits for one decision at a time.
create unique index member_changes_pending_key on customer_records.member_changes (member_id) where state = 'PENDING';
create index member_changes_state_idx on customer_records.member_changes (state, member_change_id);

-- Customers whose units are to be looked at anew because a threshold changed; a worker takes them one by one.
create table customer_records.key_account_checks (
    key_account_check_id uuid not null,
    customer_id          uuid not null,
    constraint key_account_checks_pkey primary key (key_account_check_id),
    constraint key_account_checks_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id)
);

-- Agreements filed before there were key accounts count as well.
insert into customer_records.key_account_checks (key_account_check_id, customer_id)
select gen_random_uuid(), customer_id from customer_records.agreements where state = 'FILED'
group by customer_id having sum(units) >= 10;

create table customer_records.price_sights (
    -- UUIDv7: "newest first" is its index read backwards.
    price_sight_id uuid        not null,
    key_account_id uuid        not null,
    actor          text        not null,
    method         text        not null,
    seen_at        timestamptz not null,
    constraint price_sights_pkey primary key (price_sight_id),
    constraint price_sights_account_fkey foreign key (key_account_id)
        references customer_records.key_accounts (key_account_id)
);

create index price_sights_account_idx on customer_records.price_sights (key_account_id, price_sight_id);
create index price_sights_actor_idx on customer_records.price_sights (actor, price_sight_id);

create function customer_records.refuse_change_of_price_sights() returns trigger language plpgsql as $$
begin
    raise exception 'sights of prices are append-only' using errcode = 'integrity_constraint_violation';
end $$;
create trigger price_sights_append_only before update or delete on customer_records.price_sights
    for each row execute function customer_records.refuse_change_of_price_sights();
create trigger price_sights_no_truncate before truncate on customer_records.price_sights
    for each statement execute function customer_records.refuse_change_of_price_sights();

comment on table customer_records.price_sights is 'Who saw prices of key accounts: appended, never changed.';
