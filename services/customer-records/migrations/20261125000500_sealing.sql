-- Personal data lies sealed (CU-14): names and contact points by the key of their customer, which lies here wrapped by a key
-- that does not. Contact points are found by a keyed digest.
--
-- Rows of earlier versions are still in clear after this: the service seals them in batches when it starts, and serves nothing
-- before that is done (app/sealing.rs). Replicas of earlier versions have to be stopped before this migration.

create table customer_records.subject_keys (
    customer_id  uuid        not null,
    -- The key-encryption key that wraps it; null once destroyed, as is what it wraps.
    kek_id       text,
    wrapped      bytea,
    created_at   timestamptz not null,
    -- From then on nothing of the customer can be read, here, in logs and in backups.
    destroyed_at timestamptz,
    constraint subject_keys_pkey primary key (customer_id),
    constraint subject_keys_destroyed_check check (num_nonnulls(kek_id, wrapped, destroyed_at) = case when destroyed_at is null then 2 else 1 end)
);

-- What a rotation still has to wrap anew.
create index subject_keys_kek_idx on customer_records.subject_keys (kek_id, customer_id) where destroyed_at is null;

alter table customer_records.customers
    -- Null once sealed. In clear as earlier versions wrote it.
    alter column display_name drop not null,
    add column sealed_name bytea,
    -- Since when nothing is known of them: a stump that figures and links still refer to.
    add column erased_at timestamptz,
    add constraint customers_name_check
        check (num_nonnulls(display_name, sealed_name) = case when erased_at is null then 1 else 0 end);

-- What is still to be sealed; empty ever after.
create index customers_clear_idx on customer_records.customers (customer_id) where display_name is not null;

alter table customer_records.contact_points
    alter column match_key type bytea using convert_to(match_key, 'UTF8'),
    -- Null once sealed.
    alter column value drop not null,
    add column sealed_value bytea,
    add constraint contact_points_value_check check (num_nonnulls(value, sealed_value) = 1),
    add constraint contact_points_match_key_check check (value is not null or octet_length(match_key) = 16);

comment on column customer_records.contact_points.match_key is
    'What is compared: the keyed digest of the normalised text; of rows still in clear, the text itself.';

-- Answers of earlier versions, kept in clear for requests that come again; sealed as the customers are.
create index idempotency_keys_clear_idx on customer_records.idempotency_keys (created_at) where response ? 'display_name';
