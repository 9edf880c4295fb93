-- Customers that are one (CU-8): merges, what they moved, and proposals.

alter table customer_records.customers
    -- Who answers for it; null unless merged. Kept as merged: A into B, then B into C, leaves A at B.
    add column merged_into uuid,
    add constraint customers_merged_into_fkey foreign key (merged_into) references customer_records.customers (customer_id),
    add constraint customers_merged_into_check check (merged_into <> customer_id);

create index customers_merged_into_idx on customer_records.customers (merged_into) where merged_into is not null;

alter table customer_records.contact_points
    -- Whose it was before merges; null when it is the customer's own.
    add column origin_id uuid;

create table customer_records.merges (
    -- UUIDv7: sorts by time.
    merge_id        uuid        not null,
    -- In the order of merging, whatever the clock says.
    merge_number    bigint      not null generated always as identity,
    survivor_id     uuid        not null,
    loser_id        uuid        not null,
    state           text        not null,
    -- Rows that name them are still on their way.
    moving          boolean     not null,
    -- Customers as they were, and the survivor as it became: sealed, each by its own key.
    survivor_before jsonb       not null,
    survivor_after  jsonb       not null,
    loser_before    jsonb       not null,
    -- Whose the loser's contact points were before earlier merges, in their order.
    loser_origins   jsonb       not null,
    merged_at       timestamptz not null,
    merged_by       text        not null,
    unmerged_at     timestamptz,
    unmerged_by     text,
    version         bigint      not null,
    constraint merges_pkey primary key (merge_id),
    constraint merges_state_check check (state in ('MERGED', 'UNMERGED')),
    constraint merges_unmerged_check check (num_nulls(unmerged_at, unmerged_by) = case state when 'UNMERGED' then 0 else 2 end)
);

create unique index merges_standing_key on customer_records.merges (loser_id) where state = 'MERGED';
create index merges_survivor_idx on customer_records.merges (survivor_id, merge_id desc);
create index merges_loser_idx on customer_records.merges (loser_id, merge_id desc);
create index merges_moving_idx on customer_records.merges (merge_number) where moving;

-- Whose a row was before merges: for rows that lie with another customer than their own, and no others.
create table customer_records.moved_rows (
    table_name text not null,
    row_id     uuid not null,
    origin_id  uuid not null,
    constraint moved_rows_pkey primary key (table_name, row_id)
);

create index moved_rows_origin_idx on customer_records.moved_rows (origin_id, table_name, row_id);

-- A case goes with the contact that opened it.
create index case_links_contact_idx on customer_records.case_links (contact_id);

-- Customers whose likes are still to be looked for.
create table customer_records.likeness_checks (
    customer_id uuid not null,
    constraint likeness_checks_pkey primary key (customer_id)
);

create function customer_records.note_likeness_check() returns trigger language plpgsql as $$
begin
    insert into customer_records.likeness_checks (customer_id) values (new.customer_id) on conflict do nothing;
    return null;
end $$;

create trigger customers_likeness_check after insert or update of version on customer_records.customers
    for each row execute function customer_records.note_likeness_check();

insert into customer_records.likeness_checks (customer_id) select customer_id from customer_records.customers;

-- Addresses whatever their script, by keyed digest: what may be the same is found here and compared in clear.
create table customer_records.address_tokens (
    token       bigint not null,
    customer_id uuid   not null,
    constraint address_tokens_pkey primary key (token, customer_id)
);

create index address_tokens_customer_idx on customer_records.address_tokens (customer_id);

create table customer_records.merge_proposals (
    -- UUIDv7: sorts by time.
    proposal_id  uuid        not null,
    -- The older one.
    one_id       uuid        not null,
    other_id     uuid        not null,
    score        integer     not null,
    reasons      text[]      not null,
    state        text        not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    dismissed_by text,
    version      bigint      not null,
    constraint merge_proposals_pkey primary key (proposal_id),
    -- Dismissed once, never proposed again.
    constraint merge_proposals_pair_key unique (one_id, other_id),
    constraint merge_proposals_order_check check (one_id < other_id),
    constraint merge_proposals_state_check check (state in ('OPEN', 'DISMISSED', 'MERGED')),
    constraint merge_proposals_dismissed_check check ((state = 'DISMISSED') = (dismissed_by is not null))
);

create index merge_proposals_state_idx on customer_records.merge_proposals (state, proposal_id desc);
create index merge_proposals_other_idx on customer_records.merge_proposals (other_id, proposal_id desc);

comment on table customer_records.merges is 'Who became one, and what they were before.';
comment on table customer_records.moved_rows is 'What an un-merge gives back.';
comment on table customer_records.merge_proposals is 'Who may be one.';
