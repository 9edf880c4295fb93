-- The desk: who works where (DI-1, DI-2) and which unit works on what (DI-7).

create table dispatch.units (
    unit_id      text        not null,
    display_name text        not null,
    parent_id    text,
    created_at   timestamptz not null,
    constraint units_pkey primary key (unit_id),
    constraint units_parent_fkey foreign key (parent_id) references dispatch.units
);

comment on table dispatch.units is
    'Org units. Locking a unit''s row serialises the decisions over its agents: their counters change only under that lock.';

create table dispatch.agents (
    agent_id         text        not null,
    display_name     text        not null,
    unit_id          text        not null,
    capacity         integer     not null,
    presence         text        not null,
    open_orders      integer     not null default 0,
    last_assigned_at timestamptz,
    created_at       timestamptz not null,
    constraint agents_pkey primary key (agent_id),
    constraint agents_unit_fkey foreign key (unit_id) references dispatch.units,
    constraint agents_capacity_check check (capacity between 1 and 100000),
    constraint agents_presence_check check (presence in ('SIGNED_OUT', 'SIGNED_IN')),
    constraint agents_open_orders_check check (open_orders >= 0)
) with (fillfactor = 70); -- the counters change with every order: leave room to change in place

comment on table dispatch.agents is 'Who can be given work. An agent never changes unit.';
comment on column dispatch.agents.open_orders is
    'Work orders of the agent that are ASSIGNED, ACCEPTED or IN_PROGRESS; may exceed capacity when a dispatcher names the agent or work comes back.';
comment on column dispatch.agents.last_assigned_at is 'When the agent last got an order; null for never.';

create index agents_unit_idx on dispatch.agents (unit_id, agent_id);

create table dispatch.routes (
    route_id        uuid        not null,
    site_id         text        not null,
    kind            text,
    channel         text,
    category_prefix text        not null default '',
    district        text        not null default '',
    unit_id         text        not null,
    backlog         boolean     not null default false,
    created_at      timestamptz not null,
    constraint routes_pkey primary key (route_id),
    constraint routes_unit_fkey foreign key (unit_id) references dispatch.units,
    -- Two lines of a site with equal conditions could not be told apart.
    constraint routes_conditions_key
        unique nulls not distinct (site_id, kind, channel, category_prefix, district)
);

comment on table dispatch.routes is 'The routing table of each site; null and empty conditions fit anything.';

comment on column dispatch.routes.backlog is
    'Orders that waited when the line was added are not all routed yet: the worker goes on.';

create index routes_backlog_idx on dispatch.routes (created_at, route_id) where backlog;
create index routes_site_idx on dispatch.routes (site_id, created_at, route_id);
