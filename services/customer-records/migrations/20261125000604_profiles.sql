-- What is known of customers beside name and contact points (CU-1), and the packs' own fields.

create table customer_records.field_schemas (
    field_schema_id uuid        not null,
    pack            text        not null,
    -- 1 for the first of a pack; never changed once made.
    version         integer     not null,
    fields          jsonb       not null,
    created_at      timestamptz not null,
    created_by      text        not null,
    -- Null while it is a draft: no profile is checked by it.
    published_at    timestamptz,
    published_by    text,
    constraint field_schemas_pkey primary key (field_schema_id),
    constraint field_schemas_version_key unique (pack, version),
    constraint field_schemas_published_check check ((published_at is null) = (published_by is null))
);

create table customer_records.customer_profiles (
    customer_id      uuid        not null,
    -- Everything personal in one place, sealed by the key of the customer.
    sealed_details   bytea       not null,
    -- Codes that are looked for.
    tiers            text[]      not null,
    tags             text[]      not null,
    risk_flags       text[]      not null,
    source           text        not null,
    -- Keyed tokens of own fields and their values.
    own_field_tokens bigint[]    not null,
    updated_at       timestamptz not null,
    version          bigint      not null,
    constraint customer_profiles_pkey primary key (customer_id),
    constraint customer_profiles_customer_fkey foreign key (customer_id)
        references customer_records.customers (customer_id) on delete cascade
);

create index customer_profiles_tiers_idx on customer_records.customer_profiles using gin (tiers);
create index customer_profiles_tags_idx on customer_records.customer_profiles using gin (tags);
create index customer_profiles_risk_flags_idx on customer_records.customer_profiles using gin (risk_flags);
create index customer_profiles_source_idx on customer_records.customer_profiles (source, customer_id desc);
create index customer_profiles_own_fields_idx on customer_records.customer_profiles using gin (own_field_tokens);

comment on table customer_records.customer_profiles is 'At most one per customer; who has none has an empty one of version 0.';
