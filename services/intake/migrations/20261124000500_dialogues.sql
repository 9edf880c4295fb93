-- Automatic acceptance (IN-8): dialogues, all that was said in them, and the messages that carry codes to callers.

create table intake.dialogues (
    dialogue_id uuid        not null,
    site_id     text        not null,
    channel     text        not null,
    -- zh or en.
    language    text        not null,
    -- The front end, as an actor: its contact and case are registered by it.
    started_by  text        not null,
    state       text        not null,
    -- The number of the current step.
    turn        integer     not null,
    -- What the dialogue knows: stage, what the caller said of themselves, proof with the salted hash of the code (never the code).
    memory      jsonb       not null,
    -- The current step, as it is answered.
    shown       jsonb       not null,
    contact_id  uuid,
    -- The last time that something was heard.
    heard_at    timestamptz not null,
    created_at  timestamptz not null,
    constraint dialogues_pkey primary key (dialogue_id),
    constraint dialogues_turn_check check (turn >= 1)
);

-- What the worker looks for: open ones by silence, and abandoned ones that are no contact yet.
create index dialogues_open_idx on intake.dialogues (heard_at) where state = 'OPEN';
create index dialogues_unregistered_idx on intake.dialogues (dialogue_id) where state = 'ABANDONED' and contact_id is null;

-- What was said: by the service, and by the caller upon it. A turn that was heard and has no successor is being answered.
create table intake.dialogue_turns (
    dialogue_id    uuid        not null,
    number         integer     not null,
    prompt         text        not null,
    article_id     uuid,
    version_number integer,
    -- The step in full, for the same answer when the turn before it comes again.
    shown          jsonb       not null,
    prompt_at      timestamptz not null,
    -- Never a one-time code.
    input          text,
    -- SHA-256 of the dialogue's salt and the input: whether a repeated turn says the same.
    input_hash     bytea,
    input_at       timestamptz,
    constraint dialogue_turns_pkey primary key (dialogue_id, number),
    constraint dialogue_turns_dialogue_fkey foreign key (dialogue_id) references intake.dialogues (dialogue_id),
    constraint dialogue_turns_input_check check ((input is null) = (input_hash is null) and (input is null) = (input_at is null))
);

-- What is to be sent. The body is there only while it can be sent.
create table intake.outbound_messages (
    message_id       uuid        not null,
    channel          text        not null,
    recipient        text        not null,
    body             text,
    state            text        not null,
    dialogue_id      uuid        not null,
    lease_id         uuid,
    lease_expires_at timestamptz,
    failure          text,
    expires_at       timestamptz not null,
    created_at       timestamptz not null,
    constraint outbound_messages_pkey primary key (message_id),
    constraint outbound_messages_body_check check ((body is not null) = (state in ('PENDING', 'LEASED')))
);

create index outbound_messages_waiting_idx on intake.outbound_messages (channel, message_id) where state in ('PENDING', 'LEASED');
create index outbound_messages_expiring_idx on intake.outbound_messages (expires_at) where state in ('PENDING', 'LEASED');
create index outbound_messages_lease_idx on intake.outbound_messages (lease_id) where state = 'LEASED';
-- How many codes went to a phone within the hour.
create index outbound_messages_recipient_idx on intake.outbound_messages (recipient, created_at);

-- Whose cases they are by phone: only contacts with a case are looked for.
create index contacts_phone_with_case_idx on intake.contacts (caller_phone, contact_id desc)
    where caller_phone is not null and case_id is not null;
