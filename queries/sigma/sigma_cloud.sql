-- question: which calls to a cloud's API are there, in the words of its own log?
-- grain:    one row per call
-- columns:  event, table_name, at_us (as recorded, microseconds), provider, eventSource, eventName, errorCode,
--           errorMessage, awsRegion, sourceIPAddress, userAgent, userIdentity.type, userIdentity.arn,
--           userIdentity.userName, requestParameters (JSON), responseElements (JSON), operationName,
--           gcp.audit.method_name, gcp.audit.service_name, fulltext
-- as:       view
-- not for:  members of an event that the parser does not keep apart

select
    source_id || '#' || record || '.' || part as event,
    'cloud_activity' as table_name,
    coalesce(epoch_us(ts), epoch_us(ts_local)) as at_us,
    provider,
    service as "eventSource",
    operation as "eventName",
    error_code as "errorCode",
    error_message as "errorMessage",
    region as "awsRegion",
    address as "sourceIPAddress",
    user_agent as "userAgent",
    actor_type as "userIdentity.type",
    actor_id as "userIdentity.arn",
    actor_name as "userIdentity.userName",
    request as "requestParameters",
    response as "responseElements",
    operation as "operationName",
    operation as "gcp.audit.method_name",
    service as "gcp.audit.service_name",
    coalesce(request, '') || ' ' || coalesce(response, '') as fulltext
from cloud_activity
