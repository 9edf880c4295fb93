-- Finding customers by name (CU-2, CU-17): what can be looked for of a name, as keyed tokens that say nothing without the key.

create table customer_records.name_tokens (
    customer_id uuid     not null,
    tokens      bigint[] not null,
    constraint name_tokens_pkey primary key (customer_id),
    constraint name_tokens_customer_fkey foreign key (customer_id)
        references customer_records.customers (customer_id) on delete cascade
);

-- fastupdate off: a search never has to read a long list of what is not merged in yet.
create index name_tokens_idx on customer_records.name_tokens using gin (tokens) with (fastupdate = off);

-- How far work over all old rows has come; several replicas share it, one batch at a time.
create table customer_records.backfills (
    backfill    text    not null,
    -- The last customer done.
    position    uuid    not null default '00000000-0000-0000-0000-000000000000',
    done        boolean not null default false,
    constraint backfills_pkey primary key (backfill)
);

insert into customer_records.backfills (backfill) values ('name_tokens');

comment on table customer_records.name_tokens is 'Blind tokens of names: prefixes, pinyin, initials, words with one letter less.';
