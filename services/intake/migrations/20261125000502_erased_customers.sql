-- Customers of whom nothing may be kept any more (CU-14): a contact that turns out to be theirs later is blanked too.

create table intake.erased_customers (
    customer_id uuid        not null,
    -- Of customer records.
    erasure_id  uuid        not null,
    erased_at   timestamptz not null,
    constraint erased_customers_pkey primary key (customer_id)
);
