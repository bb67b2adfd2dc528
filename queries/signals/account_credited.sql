-- question: between which times did a pool credit or pay an account?
-- grain:    one row per account that a pool's records name with a time
-- columns:  wallet, first_us, last_us (best estimates)
-- as:       table
-- order:    wallet
-- not for:  amounts, or what is credited without a time

select wallet, min(best_us) as first_us, max(best_us) as last_us
from (
    select account as wallet, best_us
    from share_event
    where accepted is distinct from false
    union all
    -- a list of what was paid out is all that some pools keep
    select coalesce(account, to_address), best_us
    from coin_event
    where kind = 'payout' and side = 'in'
) as entry
where wallet is not null and best_us is not null
group by wallet
