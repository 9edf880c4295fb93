-- Segments: saved filters (CU-15), and the kinds of cases, which earlier versions did not keep.

create table customer_records.segments (
    -- UUIDv7: "newest first" is its index read backwards.
    segment_id    uuid        not null,
    title         text        not null,
    -- Values of own fields may stand in it: sealed by a key of its own, in subject_keys.
    sealed_filter bytea       not null,
    created_by    text        not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    -- One more for every change; the etag.
    version       bigint      not null,
    constraint segments_pkey primary key (segment_id),
    constraint segments_title_check check (title <> '')
);

comment on table customer_records.segments is 'Saved filters over customers: audiences. Whom they hold is asked anew each time.';

-- Told by intake; filled by a consumer of its own, which begins at the beginning of the log.
create table customer_records.case_kinds (
    case_id uuid not null,
    kind    text not null,
    constraint case_kinds_pkey primary key (case_id)
);

comment on table customer_records.case_kinds is 'What cases are: a projection of the events of intake.';
