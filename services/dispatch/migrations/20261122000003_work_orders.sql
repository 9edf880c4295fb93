-- Work orders, the decisions who does them, and tasks. Cost must not grow with history: what waits or is open is found by
-- partial indexes.

create table dispatch.work_orders (
    work_order_id     uuid        not null,
    case_id           uuid        not null,
    case_number       text        not null,
    life              integer     not null,
    site_id           text        not null,
    kind              text        not null,
    channel           text        not null,
    category          text        not null,
    district          text        not null,
    severity          text        not null,
    state             text        not null,
    unit_id           text,
    route_id          uuid,
    route_explanation text,
    agent_id          text,
    previous_agent_id text,
    report            text,
    evidence          text[],
    verifier          text,
    rework_count      integer     not null,
    reason            text,
    created_at        timestamptz not null,
    assigned_at       timestamptz,
    accepted_at       timestamptz,
    started_at        timestamptz,
    finished_at       timestamptz,
    completed_at      timestamptz,
    updated_at        timestamptz not null,
    version           bigint      not null,
    constraint work_orders_pkey primary key (work_order_id),
    -- Exactly one order per life of a case, however often the event comes.
    constraint work_orders_case_life_key unique (case_id, life),
    constraint work_orders_unit_fkey foreign key (unit_id) references dispatch.units,
    constraint work_orders_route_fkey foreign key (route_id) references dispatch.routes,
    constraint work_orders_agent_fkey foreign key (agent_id) references dispatch.agents,
    constraint work_orders_state_check check (state in
        ('UNROUTED', 'QUEUED', 'ASSIGNED', 'ACCEPTED', 'IN_PROGRESS', 'FINISHED', 'COMPLETED', 'CANCELLED')),
    constraint work_orders_routing_check check (
        (unit_id is null) = (route_id is null) and (unit_id is null) = (route_explanation is null)
        and case when state = 'UNROUTED' then unit_id is null
                 when state = 'CANCELLED' then true
                 else unit_id is not null end),
    constraint work_orders_agent_check check (
        case when state in ('UNROUTED', 'QUEUED') then agent_id is null
             when state = 'CANCELLED' then true
             else agent_id is not null end),
    -- DI-12: finished with proof, completed by another person than the doer.
    constraint work_orders_proof_check check (
        (report is null) = (evidence is null)
        and (state not in ('FINISHED', 'COMPLETED') or cardinality(evidence) > 0)),
    constraint work_orders_verifier_check check (
        (state = 'COMPLETED') = (verifier is not null) and (verifier is null or verifier <> 'agents/' || agent_id))
) with (fillfactor = 80);

comment on table dispatch.work_orders is 'Pieces of work for cases. Cases live in intake: no foreign key leads there.';
comment on column dispatch.work_orders.life is 'Which life of the case: 1, and one more for each reopening.';
comment on column dispatch.work_orders.previous_agent_id is 'Who had it before it was reassigned; the policy does not give it back to them.';
comment on column dispatch.work_orders.verifier is 'Resource name of who verified it.';
comment on column dispatch.work_orders.version is 'The etag: one more with every change.';

-- What waits, oldest first; its size is that of the backlog, not of history.
create index work_orders_unrouted_idx on dispatch.work_orders (site_id, work_order_id) where state = 'UNROUTED';
create index work_orders_queued_idx on dispatch.work_orders (unit_id, created_at, work_order_id) where state = 'QUEUED';
create index work_orders_open_idx on dispatch.work_orders (state, work_order_id)
    where state not in ('COMPLETED', 'CANCELLED');
-- What an agent or a unit has open, newest first: read without their history.
create index work_orders_agent_open_idx on dispatch.work_orders (agent_id, work_order_id desc)
    where agent_id is not null and state not in ('COMPLETED', 'CANCELLED');
create index work_orders_unit_open_idx on dispatch.work_orders (unit_id, work_order_id desc)
    where unit_id is not null and state not in ('COMPLETED', 'CANCELLED');
-- Lists, newest first: ids sort by time of creation.
create index work_orders_site_idx on dispatch.work_orders (site_id, work_order_id);
create index work_orders_unit_idx on dispatch.work_orders (unit_id, work_order_id);
create index work_orders_agent_idx on dispatch.work_orders (agent_id, work_order_id) where agent_id is not null;

create table dispatch.assignments (
    assignment_id     uuid        not null,
    work_order_id     uuid        not null,
    agent_id          text,
    policy            text        not null,
    policy_version    integer     not null,
    decided_at        timestamptz not null,
    actor             text        not null,
    candidates        jsonb       not null,
    route_explanation text        not null,
    constraint assignments_pkey primary key (work_order_id, decided_at, assignment_id),
    constraint assignments_work_order_fkey foreign key (work_order_id) references dispatch.work_orders
);

comment on table dispatch.assignments is
    'Decisions who does a work order, with all they rested on (DI-6). Never changed, never deleted.';
comment on column dispatch.assignments.agent_id is 'Who got it; null when nobody could take it, or when older orders wait before it (policy oldest-first).';
comment on column dispatch.assignments.candidates is
    'All agents of the unit in the order of the ranking: agent, open_orders, capacity, last_assigned_at, outcome, explanation; empty for oldest-first.';

create function dispatch.refuse_change_of_assignments() returns trigger language plpgsql as $$
begin
    raise exception 'assignments are never changed' using errcode = 'integrity_constraint_violation';
end $$;

create trigger assignments_append_only before update or delete on dispatch.assignments
    for each row execute function dispatch.refuse_change_of_assignments();

create table dispatch.tasks (
    task_id         uuid        not null,
    kind            text        not null,
    case_id         uuid        not null,
    case_number     text        not null,
    life            integer     not null,
    site_id         text        not null,
    agent_id        text,
    state           text        not null,
    due_at          timestamptz not null,
    failed_attempts integer     not null,
    satisfaction    text,
    words           text,
    visitor         text,
    created_at      timestamptz not null,
    completed_at    timestamptz,
    version         bigint      not null,
    constraint tasks_pkey primary key (task_id),
    -- One return visit per life of a case, however often the event comes.
    constraint tasks_case_life_kind_key unique (case_id, life, kind),
    constraint tasks_kind_check check (kind in ('RETURN_VISIT')),
    constraint tasks_state_check check (state in ('OPEN', 'DONE', 'EXHAUSTED', 'CANCELLED')),
    constraint tasks_satisfaction_check check ((state = 'DONE') = (satisfaction is not null)),
    constraint tasks_completed_check check ((state in ('DONE', 'EXHAUSTED')) = (completed_at is not null)),
    constraint tasks_failed_attempts_check check (failed_attempts between 0 and 3)
);

comment on table dispatch.tasks is 'One thing one person does by a time; today return visits (DI-19).';
comment on column dispatch.tasks.agent_id is
    'First responsible for the case, as intake said; not every one of them can be given work, so no foreign key.';
comment on column dispatch.tasks.words is 'What the customer said, or what the visitor noted when nobody was reached.';
comment on column dispatch.tasks.visitor is 'Resource name of who made the last attempt.';

-- Lists, the first due first; the open ones apart from history.
create index tasks_open_idx on dispatch.tasks (due_at, task_id) where state = 'OPEN';
create index tasks_due_idx on dispatch.tasks (due_at, task_id);
create index tasks_site_idx on dispatch.tasks (site_id, due_at, task_id);
