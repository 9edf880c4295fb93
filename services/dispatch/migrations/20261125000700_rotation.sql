-- Org and staff (DI-1, DI-2) and rotation (DI-3, DI-4): levels and moves of units, roles with deputies, profiles, absences,
-- shifts, sign-ins; rotations of sites, rankings, arrivals and turns.

alter table dispatch.units
    add column level text,
    add column version bigint not null default 1,
    add constraint units_level_check check (level in ('PROVINCE', 'CITY', 'GRID', 'DEPARTMENT'));

comment on column dispatch.units.level is 'Tier of the tree; null for one made without.';
comment on column dispatch.units.version is 'The etag: one more with every move.';

create index units_parent_idx on dispatch.units (parent_id) where parent_id is not null;

-- One row: who moves a unit holds its lock, so that two moves together make no cycle.
create table dispatch.org_tree (
    is_tree boolean not null default true,
    constraint org_tree_pkey primary key (is_tree),
    constraint org_tree_single_check check (is_tree)
);
insert into dispatch.org_tree default values;

create table dispatch.unit_moves (
    move_id        uuid        not null,
    unit_id        text        not null,
    from_parent_id text,
    to_parent_id   text,
    reason         text        not null,
    actor          text        not null,
    moved_at       timestamptz not null,
    constraint unit_moves_pkey primary key (move_id),
    constraint unit_moves_unit_fkey foreign key (unit_id) references dispatch.units
);
comment on table dispatch.unit_moves is 'Where units stood before. Appended, never changed.';
create index unit_moves_unit_idx on dispatch.unit_moves (unit_id, move_id desc);

create table dispatch.unit_roles (
    unit_id  text   not null,
    role     text   not null,
    agent_id text   not null,
    deputies text[] not null,
    version  bigint not null,
    constraint unit_roles_pkey primary key (unit_id, role),
    constraint unit_roles_unit_fkey foreign key (unit_id) references dispatch.units,
    constraint unit_roles_agent_fkey foreign key (agent_id) references dispatch.agents
);
comment on table dispatch.unit_roles is 'Who holds a role in a unit, and who stands in, the first deputy first.';

alter table dispatch.agents
    add column absence      text,
    add column absent_since timestamptz,
    add column signed_in_at timestamptz,
    add column trainee      boolean not null default false,
    add constraint agents_absence_check check (
        absence is null or (presence = 'SIGNED_IN'
        and absence in ('BREAK', 'IN_TRAINING', 'UNWELL', 'OTHER_DUTY', 'LEAVING'))),
    add constraint agents_absent_since_check check ((absence is null) = (absent_since is null));

comment on column dispatch.agents.absence is 'Why somebody who is signed in gets nothing just now (DI-2); null when they do.';
comment on column dispatch.agents.signed_in_at is 'Their last sign-in.';
comment on column dispatch.agents.trainee is 'Takes no turn of a rotation, but may help at rush.';

create table dispatch.agent_profiles (
    agent_id  text   not null,
    skills    jsonb  not null,
    languages text[] not null,
    territory text[] not null,
    version   bigint not null,
    constraint agent_profiles_pkey primary key (agent_id),
    constraint agent_profiles_agent_fkey foreign key (agent_id) references dispatch.agents
);
comment on column dispatch.agent_profiles.skills is 'Code of the skill → grade, 1 to 5.';

create table dispatch.sign_ins (
    sign_in_no   bigint      generated always as identity,
    unit_id      text        not null,
    agent_id     text        not null,
    signed_in_at timestamptz not null,
    constraint sign_ins_pkey primary key (sign_in_no),
    constraint sign_ins_agent_fkey foreign key (agent_id) references dispatch.agents
);
comment on table dispatch.sign_ins is
    'Every sign-in, numbered under the lock of the unit: the first of each agent within a day of the site is the day''s order.';
create index sign_ins_unit_idx on dispatch.sign_ins (unit_id, signed_in_at);

create table dispatch.shifts (
    shift_id  uuid        not null,
    agent_id  text        not null,
    starts_at timestamptz not null,
    ends_at   timestamptz not null,
    state     text        not null,
    version   bigint      not null,
    constraint shifts_pkey primary key (shift_id),
    constraint shifts_agent_fkey foreign key (agent_id) references dispatch.agents,
    constraint shifts_state_check check (state in ('PLANNED', 'ENDED', 'CANCELLED')),
    constraint shifts_span_check check (starts_at < ends_at)
);
comment on table dispatch.shifts is 'The roster 排班. At the end of a shift who has no other one then is signed out.';
create index shifts_due_idx on dispatch.shifts (ends_at) where state = 'PLANNED';
create index shifts_agent_idx on dispatch.shifts (agent_id, starts_at, shift_id);

create table dispatch.rotations (
    site_id        text    not null,
    unit_id        text    not null,
    policy         text    not null,
    time_zone      text    not null,
    members        text[]  not null,
    rush_threshold integer not null,
    trainees_help  boolean not null,
    one_at_a_time  boolean not null,
    assigns_orders boolean not null,
    round          jsonb   not null,
    turn_count     bigint  not null,
    version        bigint  not null,
    constraint rotations_pkey primary key (site_id),
    constraint rotations_unit_key unique (unit_id),
    constraint rotations_unit_fkey foreign key (unit_id) references dispatch.units,
    constraint rotations_policy_check check (policy in ('SIGN_IN_ORDER', 'NUMBERED', 'LAST_MONTH', 'YESTERDAY')),
    constraint rotations_rush_threshold_check check (rush_threshold >= 0)
) with (fillfactor = 50);

comment on table dispatch.rotations is 'Whose turn it is at each site 接待顺序. Changed under the lock of the unit, then of the row.';
comment on column dispatch.rotations.round is 'day, number, pending, done, served_today, ranking_version.';
comment on column dispatch.rotations.turn_count is 'Number of the last turn.';

create table dispatch.rotation_reorders (
    reorder_no   bigint      generated always as identity,
    site_id      text        not null,
    before       text[]      not null,
    after        text[]      not null,
    reason       text        not null,
    actor        text        not null,
    reordered_at timestamptz not null,
    constraint rotation_reorders_pkey primary key (reorder_no),
    constraint rotation_reorders_site_fkey foreign key (site_id) references dispatch.rotations
);
create index rotation_reorders_site_idx on dispatch.rotation_reorders (site_id, reorder_no desc);

create table dispatch.rankings (
    site_id     text        not null,
    period      text        not null,
    version     integer     not null,
    agents      text[]      not null,
    basis       text        not null,
    actor       text        not null,
    created_at  timestamptz not null,
    constraint rankings_pkey primary key (site_id, period, version)
);
comment on table dispatch.rankings is 'Agents by results, the best first; period is 2026-11 or 2026-11-24. A correction is a new version.';

create table dispatch.arrivals (
    arrival_id   uuid        not null,
    site_id      text        not null,
    state        text        not null,
    customer_id  uuid,
    owner_id     text,
    is_key       boolean     not null,
    group_size   integer     not null,
    arrived_at   timestamptz not null,
    left_at      timestamptz,
    version      bigint      not null,
    constraint arrivals_pkey primary key (arrival_id),
    constraint arrivals_site_fkey foreign key (site_id) references dispatch.rotations,
    constraint arrivals_state_check check (state in ('WAITING', 'SERVED', 'LEFT')),
    constraint arrivals_group_size_check check (group_size between 1 and 20)
);
comment on table dispatch.arrivals is 'Customers at a reception desk: waiting, served or gone.';
create index arrivals_waiting_idx on dispatch.arrivals (site_id, arrived_at, arrival_id) where state = 'WAITING';

create table dispatch.turns (
    turn_id         uuid        not null,
    site_id         text        not null,
    number          bigint      not null,
    arrival_id      uuid        not null,
    agent_id        text        not null,
    manner          text        not null,
    policy          text        not null,
    policy_version  integer     not null,
    ranking_version integer,
    day             date        not null,
    round           bigint      not null,
    passed_over     jsonb       not null,
    explanation     text        not null,
    actor           text        not null,
    served_at       timestamptz not null,
    ended_at        timestamptz,
    constraint turns_pkey primary key (turn_id),
    -- One turn, one number: two desks never serve one turn twice.
    constraint turns_number_key unique (site_id, number),
    constraint turns_arrival_agent_key unique (arrival_id, agent_id),
    constraint turns_arrival_fkey foreign key (arrival_id) references dispatch.arrivals,
    constraint turns_agent_fkey foreign key (agent_id) references dispatch.agents,
    constraint turns_manner_check check (manner in ('IN_TURN', 'OWNER', 'RUSH'))
);
comment on table dispatch.turns is 'Who served whom, with all who were passed over and why. Kept as history.';
create index turns_open_idx on dispatch.turns (site_id, agent_id) where ended_at is null;
