-- Versioned category trees (IN-7), which sites are bound to them, and the models that suggest categories.

-- A tree per pack. Locked while a version is drafted or published.
create table intake.category_trees (
    tree_id         text        not null,
    display_name    text        not null,
    -- The version in force; null before the first publication.
    current_version integer,
    -- The version drafted last.
    latest_version  integer     not null default 0,
    -- Grows with every change; the etag.
    revision        bigint      not null default 1,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint category_trees_pkey primary key (tree_id),
    constraint category_trees_version_check check (current_version is null or current_version <= latest_version)
);

create table intake.category_tree_versions (
    tree_id        text        not null,
    version        integer     not null,
    state          text        not null,
    note           text,
    category_count integer     not null,
    retired_count  integer     not null,
    drafted_at     timestamptz not null,
    drafted_by     text        not null,
    published_at   timestamptz,
    published_by   text,
    constraint category_tree_versions_pkey primary key (tree_id, version),
    constraint category_tree_versions_tree_fkey foreign key (tree_id) references intake.category_trees (tree_id),
    constraint category_tree_versions_state_check check (state in ('DRAFT', 'PUBLISHED')),
    constraint category_tree_versions_published_check check ((state = 'PUBLISHED') = (published_at is not null))
);

-- Never changed: a change is a new version. At most 5,000 rows per version, so names are searched by reading a version.
create table intake.categories (
    tree_id          text    not null,
    version          integer not null,
    -- The order of the draft, from 0.
    position         integer not null,
    code             text    not null,
    parent_code      text,
    -- The codes from the top down to itself.
    path_codes       text[]  not null,
    display_name_zh  text,
    display_name_en  text,
    -- Empty for all kinds.
    kinds            text[]  not null,
    retired          boolean not null,
    default_severity text,
    constraint categories_pkey primary key (tree_id, version, position),
    constraint categories_code_key unique (tree_id, version, code),
    constraint categories_version_fkey foreign key (tree_id, version)
        references intake.category_tree_versions (tree_id, version),
    constraint categories_name_check check (display_name_zh is not null or display_name_en is not null)
);

-- Which tree the cases of a site take their categories from; no row or no tree: any code.
create table intake.site_category_trees (
    site_id  text        not null,
    tree_id  text,
    revision bigint      not null,
    bound_at timestamptz not null,
    bound_by text        not null,
    constraint site_category_trees_pkey primary key (site_id),
    constraint site_category_trees_site_fkey foreign key (site_id) references intake.sites (site_id),
    constraint site_category_trees_tree_fkey foreign key (tree_id) references intake.category_trees (tree_id)
);
create index site_category_trees_tree_idx on intake.site_category_trees (tree_id) where tree_id is not null;

-- Under which version of a tree a case was accepted; a row only for cases of bound sites. Beside the cases, so that accepting
-- at unbound sites costs nothing; without foreign keys, so that accepting never waits for a publication.
create table intake.case_category_versions (
    case_id uuid    not null,
    tree_id text    not null,
    version integer not null,
    constraint case_category_versions_pkey primary key (case_id)
);

-- What models learn from, newest first.
create index cases_closed_idx on intake.cases (site_id, closed_at desc, case_id desc) where state in ('CLOSED', 'ARCHIVED');

-- One model per site or tree, shared by all replicas.
create table intake.category_models (
    -- `sites/{site}` or `categoryTrees/{tree}`.
    scope      text        not null,
    -- Grows with every training; the etag.
    revision   bigint      not null,
    -- What domain/category/classifier.rs writes: JSON, gzip.
    model      bytea       not null,
    -- Counts and accuracy, as domain/category/training.rs has them.
    report     jsonb       not null,
    trained_at timestamptz not null,
    trained_by text        not null,
    -- When a worker last looked whether it is to be trained again.
    checked_at timestamptz not null,
    constraint category_models_pkey primary key (scope)
);
create index category_models_checked_idx on intake.category_models (checked_at);
