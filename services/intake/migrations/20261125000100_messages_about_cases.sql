-- Messages to the reporters of an incident (IN-16): a message belongs to a dialogue, as codes do, or to a case.

alter table intake.outbound_messages
    alter column dialogue_id drop not null,
    add column case_id uuid,
    -- What is there belongs to dialogues: it is valid, and its rows need not be looked at.
    add constraint outbound_messages_about_check check ((dialogue_id is null) <> (case_id is null)) not valid;

comment on column intake.outbound_messages.case_id is 'The case whose customer is told; null for messages of dialogues.';
