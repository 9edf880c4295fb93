-- Cases that share their work: duplicates (IN-15) and mass faults (IN-16).

alter table intake.cases
    add column duplicate_of uuid,
    add column incident_id uuid,
    add column lead_case_id uuid,
    add column stood jsonb,
    add column work_round integer,
    add constraint cases_belonging_check check (duplicate_of is null or incident_id is null),
    add constraint cases_lead_check check (
        lead_case_id is null or ((duplicate_of is not null or incident_id is not null) and lead_case_id <> case_id));

comment on column intake.cases.duplicate_of is 'The earlier case that a person linked it to; a reference, never a merge.';
comment on column intake.cases.lead_case_id is 'Whose work is also its work; null for a case with work of its own.';
comment on column intake.cases.stood is 'Where it stood when it was resolved together with others.';
comment on column intake.cases.work_round is 'How often it went its own way again; null for never.';

create index cases_lead_idx on intake.cases (lead_case_id) where lead_case_id is not null;
create index cases_incident_idx on intake.cases (incident_id, case_id) where incident_id is not null;
-- Reports that may become a mass fault: the open ones that belong to nothing, by the moment of acceptance.
create index cases_reports_idx on intake.cases (site_id, district, category, accepted_at)
    where kind = 'FAULT' and district is not null and incident_id is null and state in ('RECEIVED', 'DISPATCHED');
-- What a customer asked for lately.
create index cases_alike_idx on intake.cases (customer_id, category, accepted_at) where customer_id is not null;

create table intake.incidents (
    incident_id  uuid        not null,
    site_id      text        not null,
    district     text        not null,
    category     text        not null,
    state        text        not null,
    lead_case_id uuid,
    detected     boolean     not null,
    resolution   text,
    reason       text,
    created_at   timestamptz not null,
    resolved_at  timestamptz,
    ended_at     timestamptz,
    updated_at   timestamptz not null,
    version      bigint      not null,
    constraint incidents_pkey primary key (incident_id),
    constraint incidents_site_fkey foreign key (site_id) references intake.sites (site_id),
    constraint incidents_state_check check (state in ('OPEN', 'RESOLVED', 'CLOSED', 'DISSOLVED')),
    constraint incidents_lead_check check (state <> 'OPEN' or lead_case_id is not null),
    constraint incidents_resolved_check check ((state in ('RESOLVED', 'CLOSED')) = (resolved_at is not null)),
    constraint incidents_ended_check check ((state in ('CLOSED', 'DISSOLVED')) = (ended_at is not null))
);

-- One trouble, one incident.
create unique index incidents_open_key on intake.incidents (site_id, district, category) where state = 'OPEN';
create index incidents_lead_idx on intake.incidents (lead_case_id) where state = 'OPEN';
create index incidents_site_idx on intake.incidents (site_id, incident_id desc);

create table intake.duplicate_proposals (
    proposal_id     uuid        not null,
    site_id         text        not null,
    case_id         uuid        not null,
    earlier_case_id uuid        not null,
    likeness        jsonb       not null,
    state           text        not null,
    reason          text,
    decider         text,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    version         bigint      not null,
    constraint duplicate_proposals_pkey primary key (proposal_id),
    constraint duplicate_proposals_pair_key unique (case_id, earlier_case_id),
    constraint duplicate_proposals_site_fkey foreign key (site_id) references intake.sites (site_id),
    constraint duplicate_proposals_case_fkey foreign key (case_id) references intake.cases (case_id),
    constraint duplicate_proposals_earlier_fkey foreign key (earlier_case_id) references intake.cases (case_id),
    constraint duplicate_proposals_state_check check (state in ('PROPOSED', 'LINKED', 'DISMISSED')),
    constraint duplicate_proposals_reason_check check ((state = 'DISMISSED') = (reason is not null))
);

comment on column intake.duplicate_proposals.likeness is 'What the cases have in common: ids and codes.';

create index duplicate_proposals_site_idx on intake.duplicate_proposals (site_id, proposal_id desc);
create index duplicate_proposals_earlier_idx on intake.duplicate_proposals (earlier_case_id);
create index duplicate_proposals_proposed_idx on intake.duplicate_proposals (site_id, proposal_id desc) where state = 'PROPOSED';
