-- Promises to customers (IN-12), and finding the contacts of a phone while the agent greets (IN-6).

create table intake.promises (
    promise_id        uuid        not null,
    case_id           uuid        not null,
    site_id           text        not null,
    kind              text        not null,
    state             text        not null,
    -- Agent who keeps it.
    owner             text        not null,
    note              text,
    made_at           timestamptz not null,
    -- Agent or service that gave it, as an actor.
    made_by           text        not null,
    due_at            timestamptz not null,
    due_soon_at       timestamptz not null,
    -- 0, 1 once promise.due_soon is told, 2 once promise.missed is.
    escalation_level  integer     not null,
    -- When the next of both is told; null when nothing is left to tell. What the timer looks for.
    fires_at          timestamptz,
    missed_at         timestamptz,
    kept_at           timestamptz,
    keep_note         text,
    withdrawal_reason text,
    updated_at        timestamptz not null,
    version           bigint      not null,
    constraint promises_pkey primary key (promise_id),
    constraint promises_case_fkey foreign key (case_id) references intake.cases (case_id),
    constraint promises_kind_check check (kind in ('CALLBACK')),
    constraint promises_state_check check (state in ('OPEN', 'KEPT', 'MISSED', 'KEPT_LATE', 'WITHDRAWN')),
    constraint promises_fires_check check ((fires_at is not null) = (state = 'OPEN')),
    constraint promises_kept_check check ((kept_at is not null) = (state in ('KEPT', 'KEPT_LATE'))),
    constraint promises_escalation_check check (escalation_level between 0 and 2)
);

comment on table intake.promises is 'What was promised to customers, by when, by whom, and what became of it.';

-- The timer: as small as what is open.
create index promises_fires_idx on intake.promises (fires_at) where fires_at is not null;
-- What an agent has to keep, and what keeps a case from closing: as small as what customers wait for.
create index promises_owner_waiting_idx on intake.promises (owner, due_at, promise_id) where state in ('OPEN', 'MISSED');
-- What anybody has to keep, for those who watch over it.
create index promises_waiting_idx on intake.promises (due_at, promise_id) where state in ('OPEN', 'MISSED');
create index promises_case_idx on intake.promises (case_id, due_at);
-- Lists go by due time.
create index promises_due_idx on intake.promises (due_at, promise_id);
create index promises_owner_idx on intake.promises (owner, due_at, promise_id);

-- Changes of due time or owner: what it was before.
create table intake.promise_changes (
    promise_id      uuid        not null,
    -- From 1, in order.
    change_number   integer     not null,
    changed_at      timestamptz not null,
    -- Agent or service, as an actor.
    changed_by      text        not null,
    previous_due_at timestamptz,
    previous_owner  text,
    reason          text        not null,
    constraint promise_changes_pkey primary key (promise_id, change_number),
    constraint promise_changes_promise_fkey foreign key (promise_id) references intake.promises (promise_id),
    constraint promise_changes_one_check check ((previous_due_at is null) <> (previous_owner is null))
);

comment on table intake.promise_changes is 'The history of due times and owners; never changed.';

-- The last contacts of a phone, newest first, however many contacts there are.
create index contacts_caller_phone_idx on intake.contacts (caller_phone, contact_at desc) where caller_phone is not null;
