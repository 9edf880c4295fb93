-- Messaging ids, kinds of addresses and preferred times of contact points (CU-2); what sort of outlet an outlet is (CU-1).

alter table customer_records.contact_points
    -- Kind of address and preferred times, as JSON, sealed; null when there is nothing to say.
    add column sealed_details bytea,
    drop constraint contact_points_kind_check,
    add constraint contact_points_kind_check check (kind in ('PHONE', 'EMAIL', 'ADDRESS', 'MESSAGING'));

alter table customer_records.customers
    -- Of outlets alone; null when not said.
    add column outlet_kind text,
    add constraint customers_outlet_kind_check check (outlet_kind is null or (outlet_kind in ('SHOP', 'DEALER', 'FRANCHISE') and kind = 'OUTLET'));
