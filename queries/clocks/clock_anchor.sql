-- question: whose clock is the others' measure?
-- grain:    one row per source that may be one
-- columns:  source_id, rank (1 = agents' transcripts; 2 = records that a pool, an exchange or a cloud provider keeps)
-- as:       table
-- order:    rank, source_id
-- not for:  claiming that such a clock was right: it is the one that times are told by

with told as (
    select distinct source_id from session
),

provider as (
    select source_id from mining_share where ts is not null
    union
    select source_id from coin_movement where ts is not null
    union
    select source_id from cloud_activity where ts is not null
)

select source_id, 1 as rank from told
union all
select source_id, 2 as rank from provider
where source_id not in (select source_id from told)
