-- Orders, visits and promises as dispatch and intake told them, for the view of a customer (CU-16): projections, found by case.

create table customer_records.viewed_orders (
    work_order_id uuid        not null,
    case_id       uuid        not null,
    attempt       integer     not null,
    state         text        not null,
    unit_id       text        not null,
    agent_id      text        not null,
    rework_count  integer     not null,
    created_at    timestamptz,
    completed_at  timestamptz,
    constraint viewed_orders_pkey primary key (work_order_id)
);
create index viewed_orders_case_idx on customer_records.viewed_orders (case_id);

create table customer_records.viewed_visits (
    task_id         uuid        not null,
    case_id         uuid        not null,
    kind            text        not null,
    state           text        not null,
    due_at          timestamptz,
    failed_attempts integer     not null,
    satisfaction    text        not null,
    completed_at    timestamptz,
    constraint viewed_visits_pkey primary key (task_id)
);
create index viewed_visits_case_idx on customer_records.viewed_visits (case_id);

create table customer_records.viewed_promises (
    promise_id uuid        not null,
    case_id    uuid        not null,
    kind       text        not null,
    state      text        not null,
    owner      text        not null,
    due_at     timestamptz,
    kept_at    timestamptz,
    constraint viewed_promises_pkey primary key (promise_id)
);
create index viewed_promises_case_idx on customer_records.viewed_promises (case_id);
