create table alpha.idempotency_keys (
    actor        text        not null,
    method       text        not null,
    request_id   uuid        not null,
    request_hash bytea       not null,
    response     jsonb,
    created_at   timestamptz not null,
    constraint idempotency_keys_pkey primary key (actor, method, request_id)
);
