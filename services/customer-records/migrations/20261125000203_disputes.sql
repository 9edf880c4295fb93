-- Disputes whose a customer is, and the entries that rulings rest on (CU-6).

create table customer_records.ownership_disputes (
    dispute_id  uuid        not null,
    customer_id uuid        not null,
    claimant    text        not null,
    -- Who owned the customer then.
    respondent  text,
    -- Words of staff; null after an erasure.
    grounds     text,
    state       text        not null,
    opened_at   timestamptz not null,
    -- Of RULED: whose the customer is, null for nobody's, and until when.
    winner      text,
    until_at    timestamptz,
    ended_at    timestamptz,
    ended_by    text,
    version     bigint      not null,
    constraint ownership_disputes_pkey primary key (dispute_id),
    constraint ownership_disputes_state_check check (state in ('OPEN', 'RULED', 'WITHDRAWN')),
    constraint ownership_disputes_end_check check ((state = 'OPEN') = (ended_at is null))
);

-- At most one is open about a customer, however many try at once.
create unique index ownership_disputes_open_key on customer_records.ownership_disputes (customer_id) where state = 'OPEN';
create index ownership_disputes_customer_idx on customer_records.ownership_disputes (customer_id, dispute_id desc);
create index ownership_disputes_state_idx on customer_records.ownership_disputes (state, dispute_id desc);

create table customer_records.ruling_entries (
    dispute_id      uuid        not null,
    position        integer     not null,
    kind            text        not null,
    -- The contact or the follow-up; null for a decision.
    entry_id        uuid,
    site_id         text,
    -- The number in its register; of a decision, its entry number.
    register_number bigint      not null,
    agent_id        text,
    occurred_at     timestamptz not null,
    effect          text        not null,
    until_at        timestamptz,
    constraint ruling_entries_pkey primary key (dispute_id, position),
    constraint ruling_entries_kind_check check (kind in ('CONTACT', 'FOLLOW_UP', 'DECISION')),
    constraint ruling_entries_effect_check check (effect in ('BEGINS', 'RENEWS', 'ENDS'))
);

create function customer_records.refuse_change_of_dispute() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.state = 'OPEN' then
        return new;
    end if;
    if tg_op = 'UPDATE' then
        old.grounds := null;
        if new is not distinct from old then
            return new;
        end if;
    end if;
    raise exception 'a dispute that is over is not rewritten' using errcode = 'integrity_constraint_violation';
end $$;

create trigger ownership_disputes_append_only before update or delete on customer_records.ownership_disputes
    for each row execute function customer_records.refuse_change_of_dispute();

create function customer_records.refuse_change_of_ruling() returns trigger language plpgsql as $$
begin
    raise exception 'rulings are append-only' using errcode = 'integrity_constraint_violation';
end $$;

create trigger ruling_entries_append_only before update or delete on customer_records.ruling_entries
    for each row execute function customer_records.refuse_change_of_ruling();
create trigger ruling_entries_no_truncate before truncate on customer_records.ruling_entries
    for each statement execute function customer_records.refuse_change_of_ruling();

comment on table customer_records.ownership_disputes is 'Who claims whose customer; what is over is never changed.';
comment on table customer_records.ruling_entries is 'The entries of the public register that a ruling rests on; never updated, never deleted.';
