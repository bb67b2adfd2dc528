-- question: which of an agent's shell calls did a host's own record of processes see?
-- grain:    one row per shell call
-- columns:  event, session_id, seq, recorded
-- as:       view
-- not for:  doubting one call: many hosts record nothing, and some record in part

select command_event.event, command_event.session_id, command_event.seq, ran.act is not null as recorded
from command_event
left join (select distinct act from act_member where role = 'executed') as ran on ran.act = command_event.event
where command_event.modality = 'called'
