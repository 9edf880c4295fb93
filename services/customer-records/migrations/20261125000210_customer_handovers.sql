-- Handover of an agent's customers to others (CU-10).

create table customer_records.customer_handovers (
    -- UUIDv7: "newest first" is its index read backwards.
    handover_id       uuid        not null,
    agent_id          text        not null,
    reason            text        not null,
    state             text        not null,
    -- All that the agent owns, collected batch by batch; otherwise the customers were named.
    collecting        boolean     not null,
    -- Collected up to this customer.
    collected_through uuid        not null,
    planner           text        not null,
    starter           text,
    created_at        timestamptz not null,
    ended_at          timestamptz,
    -- Customers of it are still open: the worker looks at no others.
    active            boolean     not null,
    version           bigint      not null,
    constraint customer_handovers_pkey primary key (handover_id),
    constraint customer_handovers_reason_check check (reason in ('LEAVING', 'STAGE_CHANGE', 'OTHER')),
    constraint customer_handovers_state_check check (state in ('PLANNING', 'PLANNED', 'RUNNING', 'DONE', 'CANCELLED')),
    constraint customer_handovers_end_check check ((state in ('DONE', 'CANCELLED')) = (ended_at is not null))
);

create index customer_handovers_agent_idx on customer_records.customer_handovers (agent_id, handover_id desc);
create index customer_handovers_state_idx on customer_records.customer_handovers (state, handover_id desc);
create index customer_handovers_active_idx on customer_records.customer_handovers (handover_id) where active;

create table customer_records.customer_handover_receivers (
    handover_id   uuid    not null,
    agent_id      text    not null,
    -- In the order of the request.
    place         integer not null,
    weight        integer not null,
    -- Customers owned when it was planned.
    load          bigint  not null,
    -- What the receiver answered to all; null for nothing.
    answer        text,
    -- Words of staff.
    answer_reason text,
    constraint customer_handover_receivers_pkey primary key (handover_id, agent_id),
    constraint customer_handover_receivers_handover_fkey foreign key (handover_id)
        references customer_records.customer_handovers (handover_id),
    constraint customer_handover_receivers_weight_check check (weight between 1 and 100),
    constraint customer_handover_receivers_answer_check check (answer in ('CONFIRMED_ALL', 'DECLINED_ALL'))
);

create index customer_handover_receivers_agent_idx on customer_records.customer_handover_receivers (agent_id, handover_id desc);

create table customer_records.customer_handover_items (
    handover_id    uuid   not null,
    customer_id    uuid   not null,
    state          text   not null,
    receiver_id    text,
    declined_by    text[] not null default '{}',
    -- Words of staff.
    decline_reason text,
    drop_reason    text,
    ended_at       timestamptz,
    constraint customer_handover_items_pkey primary key (handover_id, customer_id),
    constraint customer_handover_items_handover_fkey foreign key (handover_id)
        references customer_records.customer_handovers (handover_id),
    constraint customer_handover_items_state_check check (state in ('PENDING', 'OFFERED', 'UNPLACED', 'CONFIRMED', 'DROPPED')),
    constraint customer_handover_items_receiver_check
        check (case state when 'OFFERED' then receiver_id is not null when 'CONFIRMED' then receiver_id is not null
                          else receiver_id is null end),
    constraint customer_handover_items_drop_check check ((state = 'DROPPED') = (drop_reason is not null)),
    constraint customer_handover_items_end_check check ((state in ('CONFIRMED', 'DROPPED')) = (ended_at is not null))
);

-- A customer is in one handover at a time; also found when an ownership ends.
create unique index customer_handover_items_open_key on customer_records.customer_handover_items (customer_id)
    where state in ('PENDING', 'OFFERED', 'UNPLACED');
-- What is to be done, and how many there are of each.
create index customer_handover_items_state_idx on customer_records.customer_handover_items
    (handover_id, state, receiver_id, customer_id);

-- What an erasure reaches.
create index customer_handover_items_words_idx on customer_records.customer_handover_items (customer_id)
    where decline_reason is not null;

-- What an agent owns, in an order that no renewal changes: collected by it.
create index ownerships_agent_idx on customer_records.ownerships (agent_id, customer_id) where state = 'OWNED';

comment on table customer_records.customer_handovers is 'Who hands customers over, why, and how far it is.';
comment on table customer_records.customer_handover_items is 'Customers of a handover: who is to get them, and who did.';
