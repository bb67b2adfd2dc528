-- question: which files were touched, in the words of Sigma's file_event?
-- grain:    one row per file event that leaves a file there
-- columns:  event, table_name, at_us (as recorded, microseconds), TargetFilename, Image, User, fulltext (always null)
-- as:       view
-- not for:  what was written into a file

select
    source_id || '#' || record || '.' || part as event,
    'file_event' as table_name,
    coalesce(epoch_us(ts), epoch_us(ts_local)) as at_us,
    coalesce(new_path, path) as "TargetFilename",
    executable as "Image",
    cast(uid as varchar) as "User",
    cast(null as varchar) as fulltext
from file_event
where kind in ('created', 'changed', 'moved', 'fetched')
