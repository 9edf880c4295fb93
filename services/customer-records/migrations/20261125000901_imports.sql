-- What files of customers brought (CU-9), so that the same file again changes nothing. One row per row of a source.

create table customer_records.import_rows (
    -- Where the file comes from, as its importer names it: ids are unique within one source.
    source      text        not null,
    -- What knows the row in its source: its id there, else its first identifying contact point; a keyed digest.
    row_key     bytea       not null,
    -- What the row said when it was last taken in; a keyed digest. The same again changes nothing, whatever agents have changed
    -- of the customer since.
    fingerprint bytea       not null,
    -- Whose row it is, as it was found: also of who was merged or erased later.
    customer_id uuid        not null,
    -- Last taken in with something new.
    imported_at timestamptz not null,
    constraint import_rows_pkey primary key (source, row_key),
    constraint import_rows_customer_fkey foreign key (customer_id) references customer_records.customers (customer_id),
    constraint import_rows_row_key_check check (octet_length(row_key) = 16),
    constraint import_rows_fingerprint_check check (octet_length(fingerprint) = 16)
);

-- What is kept of a customer (CU-14).
create index import_rows_customer_idx on customer_records.import_rows (customer_id);

comment on table customer_records.import_rows is 'Rows of files that were taken in, as digests alone.';
