-- Evidence (IN-19): who attached what to what; the bytes are in the object store.

-- The bytes of one content in the object store, under the key sha256/ab/cd/<sha256>/<object_id>. A key is used once: what is
-- condemned is never used again, and the same content that comes later gets a new object.
create table intake.evidence_objects (
    object_id       uuid        not null,
    sha256          bytea       not null,
    size_bytes      bigint      not null,
    created_at      timestamptz not null,
    -- Since when the store is known to have it.
    placed_at       timestamptz,
    -- Since when no row of evidence refers to it; null while one does.
    unreferenced_at timestamptz,
    -- Since when it is given up for removal. Final.
    condemned_at    timestamptz,
    constraint evidence_objects_pkey primary key (object_id),
    constraint evidence_objects_sha256_check check (octet_length(sha256) = 32),
    constraint evidence_objects_size_check check (size_bytes > 0),
    constraint evidence_objects_condemned_check check (condemned_at is null or unreferenced_at is not null)
);

-- Of each content one object is alive: this is what uploads of the same content meet at.
create unique index evidence_objects_live_key on intake.evidence_objects (sha256) where condemned_at is null;
-- What the cleaner looks for; both hold rows on their way out alone.
create index evidence_objects_unreferenced_idx on intake.evidence_objects (unreferenced_at)
    where unreferenced_at is not null and condemned_at is null;
create index evidence_objects_condemned_idx on intake.evidence_objects (condemned_at) where condemned_at is not null;

-- One row per file. STORED rows never change but to DELETED, and then stay.
create table intake.evidence (
    evidence_id         uuid        not null,
    -- cases, contacts or workOrders, and the id in it.
    parent_collection   text        not null,
    parent_id           uuid        not null,
    file_name           text        not null,
    media_type          text        not null,
    detected_media_type text,
    size_bytes          bigint,
    sha256              bytea,
    -- While UPLOADING: claimed, so that nobody removes it between its arrival and the row. While STORED: the bytes.
    object_id           uuid,
    state               text        not null,
    created_by          text        not null,
    created_at          timestamptz not null,
    stored_at           timestamptz,
    deleted_at          timestamptz,
    deleted_by          text,
    delete_reason       text,
    version             bigint      not null,
    constraint evidence_pkey primary key (evidence_id),
    constraint evidence_object_fkey foreign key (object_id) references intake.evidence_objects (object_id),
    constraint evidence_state_check check (state in ('UPLOADING', 'STORED', 'DELETED')),
    constraint evidence_stored_check check (state <> 'STORED' or (object_id is not null and stored_at is not null
        and size_bytes is not null and sha256 is not null and detected_media_type is not null)),
    constraint evidence_deleted_check check (state <> 'DELETED' or (object_id is null and deleted_at is not null))
);

create index evidence_parent_idx on intake.evidence (parent_id, evidence_id);
create index evidence_object_idx on intake.evidence (object_id) where object_id is not null;

-- What is received so far, and what was announced. Outlives an evidence row that was given up until its folder in the object
-- store (staging/<evidence_id>/) is swept.
create table intake.evidence_uploads (
    evidence_id     uuid        not null,
    expected_size   bigint,
    expected_sha256 bytea,
    received_bytes  bigint      not null,
    -- When it is given up unless a chunk comes.
    expires_at      timestamptz not null,
    -- Since when it takes nothing more: stored or given up. Its folder is swept an hour later.
    closed_at       timestamptz,
    constraint evidence_uploads_pkey primary key (evidence_id)
);

create index evidence_uploads_open_idx on intake.evidence_uploads (expires_at) where closed_at is null;
create index evidence_uploads_closed_idx on intake.evidence_uploads (closed_at) where closed_at is not null;

-- The chunks of an upload, each an object under its folder.
create table intake.evidence_chunks (
    evidence_id  uuid   not null,
    chunk_offset bigint not null,
    size_bytes   bigint not null,
    crc32        bigint not null,
    object_key   text   not null,
    constraint evidence_chunks_pkey primary key (evidence_id, chunk_offset),
    constraint evidence_chunks_upload_fkey foreign key (evidence_id)
        references intake.evidence_uploads (evidence_id) on delete cascade
);

-- The keys that sign download links. One signs; retired ones are good for the links they signed.
create table intake.evidence_link_keys (
    key_id     text        not null,
    secret     bytea       not null,
    created_at timestamptz not null,
    retired_at timestamptz,
    constraint evidence_link_keys_pkey primary key (key_id)
);

create unique index evidence_link_keys_signing_key on intake.evidence_link_keys ((true)) where retired_at is null;
