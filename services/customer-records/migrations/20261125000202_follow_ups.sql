-- Follow-up records and what is found wrong with them (CU-7).

-- The last number of each site's register; locked while a number is given, so that there are no gaps.
create table customer_records.follow_up_registers (
    site_id     text   not null,
    last_number bigint not null,
    constraint follow_up_registers_pkey primary key (site_id)
);

-- One record stands in the personal and the public register alike: they can't disagree.
create table customer_records.follow_ups (
    follow_up_id       uuid        not null,
    -- Drawn while the site's register is locked: within a site, the order of the numbers.
    register_order     bigint      not null generated always as identity,
    site_id            text        not null,
    follow_up_number   bigint      not null,
    customer_id        uuid        not null,
    agent_id           text        not null,
    way                text        not null,
    followed_at        timestamptz not null,
    -- Null after an erasure.
    content            text,
    next_step          text,
    next_step_at       timestamptz,
    contact_id         uuid,
    contact_number     bigint,
    recorded_at        timestamptz not null,
    -- The end of the ownership that it renewed.
    ownership_until_at timestamptz,
    constraint follow_ups_pkey primary key (follow_up_id),
    constraint follow_ups_number_key unique (site_id, follow_up_number),
    constraint follow_ups_way_check check (way in ('PHONE', 'RECEPTION', 'VISIT', 'MESSAGE', 'EMAIL', 'OTHER'))
);

create index follow_ups_site_idx on customer_records.follow_ups (site_id, register_order desc);
create index follow_ups_agent_idx on customer_records.follow_ups (agent_id, register_order desc);
create index follow_ups_customer_idx on customer_records.follow_ups (customer_id, register_order desc);
-- What an agent wrote within a day or a period.
create index follow_ups_written_idx on customer_records.follow_ups (agent_id, recorded_at) include (site_id, customer_id);

create function customer_records.refuse_change_of_follow_up() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        -- An erasure takes words away, and nothing else.
        old.content := new.content;
        old.next_step := new.next_step;
        if new.content is null and new.next_step is null and new is not distinct from old then
            return new;
        end if;
    end if;
    raise exception 'follow-ups are append-only' using errcode = 'integrity_constraint_violation';
end $$;

create trigger follow_ups_append_only before update or delete on customer_records.follow_ups
    for each row execute function customer_records.refuse_change_of_follow_up();
create trigger follow_ups_no_truncate before truncate on customer_records.follow_ups
    for each statement execute function customer_records.refuse_change_of_follow_up();

-- What is to be looked at when a day or a period is over.
create table customer_records.conduct_checks (
    check_id     bigint      not null generated always as identity,
    rule         text        not null,
    site_id      text,
    agent_id     text        not null,
    customer_id  uuid,
    -- Of TOO_FEW_FOLLOW_UPS: which ownership.
    lease_number integer,
    starts_at    timestamptz not null,
    due_at       timestamptz not null,
    wanted       integer     not null,
    checked      boolean     not null default false,
    constraint conduct_checks_pkey primary key (check_id),
    constraint conduct_checks_rule_check check (rule in ('NOTHING_WRITTEN', 'TOO_FEW_FOLLOW_UPS'))
);

-- One for each agent, site and day; one for each ownership.
create unique index conduct_checks_day_key on customer_records.conduct_checks (agent_id, site_id, starts_at)
    where rule = 'NOTHING_WRITTEN';
create unique index conduct_checks_lease_key on customer_records.conduct_checks (customer_id, lease_number)
    where rule = 'TOO_FEW_FOLLOW_UPS';
-- What is due: as small as what is not looked at yet.
create index conduct_checks_due_idx on customer_records.conduct_checks (due_at) where not checked;

create table customer_records.conduct_findings (
    finding_id  uuid        not null,
    rule        text        not null,
    site_id     text,
    agent_id    text        not null,
    customer_id uuid,
    starts_at   timestamptz not null,
    ends_at     timestamptz not null,
    wanted      integer     not null,
    written     integer     not null,
    found_at    timestamptz not null,
    constraint conduct_findings_pkey primary key (finding_id)
);

create index conduct_findings_agent_idx on customer_records.conduct_findings (agent_id, finding_id desc);

comment on table customer_records.follow_ups is 'Who followed up whom, when and how; never updated, never deleted.';
comment on table customer_records.conduct_checks is 'What is to be looked at when its time is over, and was.';
