-- The knowledge base (IN-9): articles, their versions, what is found of them, and what became of them at the desk.

create table intake.articles (
    article_id       uuid        not null,
    state            text        not null,
    -- The version that is served; null while none was published.
    published_number integer,
    -- The version that is written or reviewed; null when there is none.
    draft_number     integer,
    last_number      integer     not null,
    -- Of the published version, or of the draft while nothing was published: what lists filter by.
    kind             text        not null,
    category         text        not null,
    language         text        not null,
    -- Of the published version: when it expires.
    valid_until_at   timestamptz,
    helped           bigint      not null,
    not_helped       bigint      not null,
    retire_reason    text,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    version          bigint      not null,
    constraint articles_pkey primary key (article_id),
    constraint articles_feedback_check check (helped >= 0 and not_helped >= 0)
);

-- Lists go newest first by id, which is its time of creation.
create index articles_kind_idx on intake.articles (kind, article_id desc);
create index articles_category_idx on intake.articles (category, article_id desc);
-- What the expiry worker looks for: only what is published and ends.
create index articles_expiring_idx on intake.articles (valid_until_at) where state = 'PUBLISHED' and valid_until_at is not null;

create table intake.article_versions (
    article_id     uuid        not null,
    number         integer     not null,
    state          text        not null,
    -- Null for all sites.
    site_id        text,
    kind           text        not null,
    category       text        not null,
    -- BCP 47.
    language       text        not null,
    title          text        not null,
    body           text        not null,
    keywords       text[]      not null,
    valid_from_at  timestamptz,
    valid_until_at timestamptz,
    -- Actors who wrote on it: none of them reviews it.
    authors        text[]      not null,
    reviewer       text,
    reject_reason  text,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    submitted_at   timestamptz,
    published_at   timestamptz,
    constraint article_versions_pkey primary key (article_id, number),
    constraint article_versions_article_fkey foreign key (article_id) references intake.articles (article_id),
    constraint article_versions_validity_check check (valid_until_at is null or valid_from_at is null or valid_until_at > valid_from_at)
);

-- What the search looks at: one row per published article, written when it is published, gone when it expires or is retired.
create table intake.article_search (
    article_id     uuid             not null,
    number         integer          not null,
    site_id        text,
    kind           text             not null,
    category       text             not null,
    language       text             not null,
    valid_from_at  timestamptz      not null,
    valid_until_at timestamptz,
    published_at   timestamptz      not null,
    helped         bigint           not null,
    not_helped     bigint           not null,
    -- Usefulness and freshness in one number that time does not change the order of (domain/knowledge/ranking.rs).
    standing       double precision not null,
    -- Lexemes of title (A) and keywords (B).
    title_words    tsvector         not null,
    -- Lexemes of title (A), keywords (B) and body (C), with positions.
    words          tsvector         not null,
    -- Means nothing; see below.
    padding        text             not null default repeat(' ', 2100),
    constraint article_search_pkey primary key (article_id)
);

-- A search looks at every row that matches and reads the words of few. So rows are to be narrow: the words lie out of line (TOAST),
-- uncompressed. PostgreSQL thinks of that only for rows above 2 kB; the padding, which it compresses to nothing, makes them all so.
alter table intake.article_search set (toast_tuple_target = 128);
alter table intake.article_search alter column words set storage external;
alter table intake.article_search alter column title_words set storage main;
-- Written by publishing alone, which may take its time: nothing waits in a pending list that every search would have to read.
create index article_search_title_words_idx on intake.article_search using gin (title_words) with (fastupdate = off);
create index article_search_words_idx on intake.article_search using gin (words) with (fastupdate = off);

-- The words of a row of article_search, to count them back when it goes.
create table intake.article_vocabularies (
    article_id uuid   not null,
    words      text[] not null,
    constraint article_vocabularies_pkey primary key (article_id)
);

-- Every word of what is found, folded but not stemmed, and in how many articles it is. The empty word counts all articles.
create table intake.article_words (
    word     text    not null,
    -- The form that is indexed: the stem of an English word.
    lexeme   text    not null,
    articles integer not null,
    -- Of English words of four letters and more: how misspelt words find it.
    trigrams text[],
    constraint article_words_pkey primary key (word),
    constraint article_words_articles_check check (articles >= 0)
);

create index article_words_lexeme_idx on intake.article_words (lexeme);
create index article_words_trigrams_idx on intake.article_words using gin (trigrams) with (fastupdate = off);

-- Whether it helped.
create table intake.article_feedback (
    feedback_id uuid        not null,
    article_id  uuid        not null,
    number      integer     not null,
    helped      boolean     not null,
    case_id     uuid,
    contact_id  uuid,
    recorded_by text        not null,
    recorded_at timestamptz not null,
    constraint article_feedback_pkey primary key (feedback_id),
    constraint article_feedback_version_fkey foreign key (article_id, number) references intake.article_versions (article_id, number)
);

create index article_feedback_article_idx on intake.article_feedback (article_id, feedback_id desc);

-- Which answer leans on which version.
create table intake.citations (
    citation_id uuid        not null,
    article_id  uuid        not null,
    number      integer     not null,
    case_id     uuid        not null,
    cited_by    text        not null,
    cited_at    timestamptz not null,
    constraint citations_pkey primary key (citation_id),
    constraint citations_once_key unique (case_id, article_id, number),
    constraint citations_version_fkey foreign key (article_id, number) references intake.article_versions (article_id, number)
);

create index citations_case_idx on intake.citations (case_id, citation_id desc);
create index citations_article_idx on intake.citations (article_id, citation_id desc);
