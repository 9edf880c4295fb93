-- A case that goes its own way again, after following another one (duplicate, mass fault), needs a new work order in the same
-- life: one order per round.

alter table dispatch.work_orders
    add column round integer not null default 0,
    drop constraint work_orders_case_life_key,
    -- Exactly one order per round of a life of a case, however often the event comes.
    add constraint work_orders_case_life_round_key unique (case_id, life, round);

comment on column dispatch.work_orders.round is
    'How often the case had gone its own way again after following another one, when the order was made.';
