-- Whose the customers are: ownership as a lease, its history, the rules, and the public register that it rests on (CU-4, CU-5).

-- What a period of days is counted in: the time zone of each site, as intake told.
create table customer_records.site_zones (
    site_id   text not null,
    time_zone text not null,
    constraint site_zones_pkey primary key (site_id)
);

-- Who answered a call first, until somebody completes its contact and for as long after.
create table customer_records.call_answers (
    contact_id  uuid        not null,
    agent_id    text        not null,
    answered_at timestamptz not null,
    constraint call_answers_pkey primary key (contact_id)
);

-- Intake's public register as far as customers are concerned: a projection. Whose contact it is, stands in contact_links.
create table customer_records.receptions (
    contact_id      uuid        not null,
    site_id         text        not null,
    register_number bigint      not null,
    contact_at      timestamptz not null,
    channel         text        not null,
    -- Who received it: who answered the call first, else who registered it; nobody when a service did.
    agent_id        text,
    -- The agent is the one who answered the call.
    answered        boolean     not null,
    constraint receptions_pkey primary key (contact_id)
);

-- One row for each customer: what is locked whenever it is decided whose the customer is. No foreign key, as between all that the
-- logs of others tell.
create table customer_records.ownerships (
    customer_id        uuid        not null,
    state              text        not null,
    site_id            text,
    tier               text        not null default '',
    agent_id           text,
    basis              text,
    -- Which ownership of this customer, from 1; 0 before the first.
    lease_number       integer     not null default 0,
    started_at         timestamptz,
    -- From when the running period counts.
    renewed_at         timestamptz,
    until_at           timestamptz,
    warns_at           timestamptz,
    -- That it ends soon has been told.
    warned             boolean     not null default false,
    -- When something is to be done by itself: the announcement, then the end.
    fires_at           timestamptz,
    -- In the pool, or waiting to be given out, since then.
    since_at           timestamptz not null,
    protected_until_at timestamptz,
    previous_agent_id  text,
    -- When the ownership before ended.
    ended_at           timestamptz,
    updated_at         timestamptz not null,
    version            bigint      not null default 1,
    constraint ownerships_pkey primary key (customer_id),
    constraint ownerships_state_check check (state in ('OWNED', 'POOLED', 'LEAD')),
    constraint ownerships_lease_check check (
        (state = 'OWNED') = (agent_id is not null)
        and num_nulls(agent_id, basis, started_at, renewed_at, until_at, warns_at, fires_at) in (0, 7)),
    constraint ownerships_previous_check check ((previous_agent_id is null) = (ended_at is null)),
    constraint ownerships_basis_check check (basis in ('FIRST_RECEIVER', 'PHONE_ANSWERER', 'REFERRAL', 'FRIEND_OR_RELATIVE',
        'NAMED', 'ASSIGNED_LEAD', 'CLAIM', 'TRANSFER', 'RULING'))
);

-- What is due: as small as what runs, whatever lies in the pool.
create index ownerships_alarm_idx on customer_records.ownerships (fires_at) where fires_at is not null;
-- What an agent owns, by its end; also counted at a claim.
create index ownerships_owned_idx on customer_records.ownerships (agent_id, until_at, customer_id) where state = 'OWNED';
-- The pool by age: whole, of a site, of a tier of a site.
create index ownerships_pool_idx on customer_records.ownerships (since_at, customer_id) where state = 'POOLED';
create index ownerships_pool_site_idx on customer_records.ownerships (site_id, since_at, customer_id) where state = 'POOLED';
create index ownerships_pool_tier_idx on customer_records.ownerships (site_id, tier, since_at, customer_id) where state = 'POOLED';
-- Leads that wait: few.
create index ownerships_lead_idx on customer_records.ownerships (since_at, customer_id) where state = 'LEAD';

-- The history, never rewritten.
create table customer_records.ownership_entries (
    entry_number      bigint      not null generated always as identity,
    customer_id       uuid        not null,
    lease_number      integer     not null,
    kind              text        not null,
    agent_id          text,
    previous_agent_id text,
    basis             text,
    until_at          timestamptz,
    occurred_at       timestamptz not null,
    recorded_at       timestamptz not null,
    actor             text        not null,
    contact_id        uuid,
    follow_up_id      uuid,
    dispute_id        uuid,
    -- Words of staff; null also after an erasure.
    reason            text,
    constraint ownership_entries_pkey primary key (entry_number),
    constraint ownership_entries_kind_check check (kind in ('STARTED', 'RENEWED', 'ENDING', 'EXPIRED', 'RELEASED', 'TRANSFERRED',
        'CLAIMED', 'LEAD_RECEIVED', 'TERMS_CHANGED'))
);

create index ownership_entries_customer_idx on customer_records.ownership_entries (customer_id, entry_number desc);
-- How many an agent claimed since the day began.
create index ownership_entries_claims_idx on customer_records.ownership_entries (agent_id, recorded_at) where kind = 'CLAIMED';

create function customer_records.refuse_change_of_ownership_entry() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        -- An erasure takes words away, and nothing else.
        old.reason := null;
        if new is not distinct from old then
            return new;
        end if;
    end if;
    raise exception 'the history of ownership is append-only' using errcode = 'integrity_constraint_violation';
end $$;

create trigger ownership_entries_append_only before update or delete on customer_records.ownership_entries
    for each row execute function customer_records.refuse_change_of_ownership_entry();
create trigger ownership_entries_no_truncate before truncate on customer_records.ownership_entries
    for each statement execute function customer_records.refuse_change_of_ownership_entry();

create table customer_records.ownership_rules (
    rule_id                 uuid        not null,
    site_id                 text,
    tier                    text,
    -- Only with a running agreement, only without, or both.
    under_agreement         boolean,
    lease_days              integer     not null,
    warning_days            integer     not null,
    daily_claims            integer     not null,
    held_limit              integer     not null,
    cool_off_days           integer     not null,
    new_customer_days       integer     not null,
    new_customer_follow_ups integer     not null,
    updated_at              timestamptz not null,
    version                 bigint      not null,
    constraint ownership_rules_pkey primary key (rule_id),
    constraint ownership_rules_days_check check (lease_days >= 1 and warning_days >= 0 and warning_days < lease_days)
);

-- One rule for each selection.
create unique index ownership_rules_selector_key on customer_records.ownership_rules
    (coalesce(site_id, ''), coalesce(tier, ''), coalesce(under_agreement::text, ''));

-- Customers who are there already are nobody's until their next contact.
insert into customer_records.ownerships (customer_id, state, since_at, updated_at)
select customer_id, 'POOLED', created_at, created_at from customer_records.customers;

comment on table customer_records.ownerships is 'Whose a customer is, until when and why.';
comment on table customer_records.ownership_entries is 'What happened to ownerships: never updated, never deleted.';
comment on table customer_records.receptions is 'Who received which contact under which number of the public register.';
