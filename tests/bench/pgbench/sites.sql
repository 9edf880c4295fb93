-- Sites site-0, site-1 … with empty registers.
with sites as (
    insert into intake.sites (site_id, display_name, time_zone, phone_region, created_at)
    select 'site-' || nr, '锦绣花园客服中心' || nr, 'Asia/Shanghai', 'CN', now()
    from generate_series(0, $1 - 1) as nr
    returning site_id
)
insert into intake.registers (site_id) select site_id from sites
