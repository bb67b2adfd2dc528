"""The tables that parsers fill: names, columns, types. Nowhere else is a column declared.

Names follow OpenTelemetry GenAI, ECS, Zeek, IPFIX and FOCUS where those have a standard term. Every table of evidence
begins with the provenance columns; times are UTC microseconds as the bytes say them, null where the bytes do not.
Columns ending in `_raw` hold the text that a number was read from. `notes` lists what a reader of the row should know
(a guess never hides in a value), `extra` keeps unmapped keys as JSON.
"""

from __future__ import annotations

import pyarrow as pa

STRING = pa.string()
TEXT = pa.large_string()
STRINGS = pa.list_(pa.string())
INT = pa.int64()
INT32 = pa.int32()
UINT = pa.uint64()
BOOL = pa.bool_()
TIME = pa.timestamp("us", "UTC")
LOCAL_TIME = pa.timestamp("us")
MONEY = pa.decimal128(38, 20)  # bills: providers print up to 19 places of a cost
UNIT_PRICE = pa.decimal128(38, 16)
COIN = pa.decimal128(38, 18)  # crypto assets
WORK = pa.decimal128(38, 0)  # difficulties and hash counts outgrow 64 bits

PROVENANCE: tuple[tuple[str, pa.DataType], ...] = (
    ("source_id", STRING),  # sha256 of the bytes as delivered
    ("record", INT),  # from 1, good and rejected alike, in file order
    ("part", INT32),  # from 0, when one record makes several rows
    ("line", INT),  # first physical line from 1; null in binary formats
    ("offset", INT),  # bytes into the decompressed stream
    ("length", INT),
)

WHEN: tuple[tuple[str, pa.DataType], ...] = (
    ("ts", TIME),  # as the bytes say it, with the zone they give
    ("ts_local", LOCAL_TIME),  # a printed time without zone
    (
        "time_of_day_us",
        INT,
    ),  # a printed time without date; with `year_unknown`: since the start of the year, see years.py
    ("ts_end", TIME),
    ("ts_end_local", LOCAL_TIME),
    ("ts_precision_us", INT),  # 1_000_000 for whole seconds: the event lies in [ts, ts + precision)
    ("ts_remainder_ns", INT32),  # 0..999, of nanosecond sources
)

REMARKS: tuple[tuple[str, pa.DataType], ...] = (("notes", STRINGS), ("extra", TEXT))


def _evidence(*columns: tuple[str, pa.DataType], timed: bool = True) -> pa.Schema:
    return pa.schema([*PROVENANCE, *(WHEN if timed else ()), *columns, *REMARKS])


TABLES: dict[str, pa.Schema] = {
    # one agent session or branch of one; ts .. ts_end: first and last time in it
    "session": _evidence(
        ("session_id", STRING),
        ("kind", STRING),  # root | sub_agent | fork | resumed
        ("parent_session_id", STRING),
        ("agent_name", STRING),
        ("agent_version", STRING),
        ("provider", STRING),
        ("model", STRING),
        ("title", TEXT),
        ("host_name", STRING),
        ("user_name", STRING),
        ("cwd", STRING),
        ("approval_policy", STRING),
        ("sandbox_policy", STRING),
        ("network_access", BOOL),
    ),
    # one piece of a session
    "transcript": _evidence(
        ("session_id", STRING),
        ("seq", INT),  # file order within the session, from 0
        ("kind", STRING),  # message | reasoning | tool_call | tool_result | usage | system_event
        ("role", STRING),  # system | developer | user | assistant | tool
        ("author", STRING),  # human | agent | harness | tool | unknown: who can have written the words
        ("native_type", STRING),  # the format's own name of the piece
        ("native_id", STRING),  # the source's own id of the record or piece
        ("message_id", STRING),  # of the response that a model gave
        ("parent_id", STRING),  # native id of what the piece follows or belongs to
        ("call_id", STRING),  # joins a tool_call with its tool_result
        ("tool_name", STRING),
        ("tool_class", STRING),  # shell | code | file | web | mcp | sub_agent | other
        ("text", TEXT),  # what was said, called (arguments as JSON) or answered
        ("content_state", STRING),  # present | encrypted | redacted | truncated | absent
        ("command", TEXT),  # what a shell tool was told to run, as the tool got it
        ("argv", STRINGS),  # where the tool got a list
        ("cwd", STRING),
        ("pids", pa.list_(INT)),  # process ids named in a result ("[1] 22268")
        ("exit_code", INT),
        ("is_error", BOOL),
        ("error_type", STRING),
        ("http_status", INT32),
        ("duration_us", INT),
        ("is_replayed", BOOL),  # context copied by resume, fork or compaction: not an act of its own
        ("is_sidechain", BOOL),
        ("model", STRING),
        ("request_id", STRING),
        ("input_tokens", INT),  # total, cached included
        ("cached_input_tokens", INT),
        ("output_tokens", INT),
        ("reasoning_tokens", INT),
        ("usage_is_primary", BOOL),  # true on one row per response: sum only these
        ("cost_usd", MONEY),
        ("cost_usd_raw", STRING),
        ("limit_used_percent", pa.decimal128(9, 4)),
        ("limit_resets_at", TIME),
        ("approval_policy", STRING),
        ("sandbox_policy", STRING),
        ("network_access", BOOL),
    ),
    # one command or process event on a host
    "process": _evidence(
        ("kind", STRING),  # history | exec | exit | sudo | container_exec
        ("host_name", STRING),
        ("user_name", STRING),
        ("uid", INT),
        ("effective_uid", INT),
        ("login_uid", INT),  # auid: survives su and sudo
        ("login_user_name", STRING),
        ("login_session", INT),  # auditd ses
        ("tty", STRING),
        ("pid", INT),
        ("parent_pid", INT),
        ("name", STRING),  # comm, at most 15 bytes
        ("executable", STRING),
        ("command", TEXT),  # as typed, or argv joined with shell quoting
        ("argv", STRINGS),
        ("argv_basis", STRING),  # argv | joined | split | proctitle | typed
        ("cwd", STRING),
        ("succeeded", BOOL),
        ("exit_code", INT),
        ("duration_us", INT),
        ("shell", STRING),
        ("author_kind", STRING),  # user | agent | null: where the source itself says who typed
        ("intent", TEXT),
        ("container_id", STRING),
        ("event_id", STRING),  # the source's own id of the event (audit serial)
        ("audit_key", STRING),
    ),
    # one connect, accept or bind by a process
    "socket_event": _evidence(
        ("kind", STRING),  # connect | accept | bind | listen | send | receive
        ("host_name", STRING),
        ("uid", INT),
        ("login_uid", INT),
        ("login_session", INT),
        ("pid", INT),
        ("parent_pid", INT),
        ("name", STRING),
        ("executable", STRING),
        ("family", STRING),  # inet | inet6 | unix | netlink | other
        ("address", STRING),  # RFC 5952
        ("port", INT32),
        ("path", STRING),
        ("succeeded", BOOL),
        ("exit_code", INT),
        ("event_id", STRING),
        ("audit_key", STRING),
    ),
    # one file touched
    "file_event": _evidence(
        ("kind", STRING),  # opened | created | changed | moved | deleted | fetched | executed
        ("host_name", STRING),
        ("uid", INT),
        ("login_uid", INT),
        ("login_session", INT),
        ("pid", INT),
        ("name", STRING),
        ("executable", STRING),
        ("path", STRING),
        ("new_path", STRING),
        ("sha256", STRING),
        ("size", INT),
        ("mode", STRING),
        ("succeeded", BOOL),
        ("event_id", STRING),
        ("audit_key", STRING),
    ),
    # one session of a person or service on a host begins, ends or fails to
    "login": _evidence(
        ("kind", STRING),  # start | end | failure
        ("host_name", STRING),
        ("user_name", STRING),
        ("uid", INT),
        ("login_session", INT),
        ("address", STRING),
        ("tty", STRING),
        ("method", STRING),
        ("pid", INT),
    ),
    # one network flow, or slice of one, as the sensor logged it; src is the initiator where known
    "flow": _evidence(
        ("flow_id", STRING),  # the source's own id (Zeek uid)
        ("sensor", STRING),
        ("src_address", STRING),  # RFC 5952
        ("src_port", INT32),
        ("dst_address", STRING),
        ("dst_port", INT32),
        ("protocol", INT32),  # IANA number
        ("icmp_type", INT32),
        ("icmp_code", INT32),
        ("app_protocol", STRING),
        ("duration_us", INT),
        ("src_bytes", UINT),
        ("dst_bytes", UINT),  # null in one-way records
        ("src_packets", UINT),
        ("dst_packets", UINT),
        ("bytes_layer", STRING),  # ip | payload | frame
        ("src_payload_bytes", UINT),
        ("dst_payload_bytes", UINT),
        ("directionality", STRING),  # both | one_way
        ("initiator_known", BOOL),
        ("tcp_flags", INT32),  # OR over the flow
        ("state", STRING),  # Zeek conn_state, argus state, ...
        ("history", STRING),
        ("action", STRING),  # allow | deny
        ("sampling_rate", INT),
        ("vlan", INT32),
    ),
    # one observed binding of a name and an address
    "name_lookup": _evidence(
        ("kind", STRING),  # dns_answer | dns_query | tls_sni | http_host | log
        ("name", STRING),  # lower case, no trailing dot
        ("address", STRING),  # null for a query without answer
        ("port", INT32),  # of a session to that name, not of the name server
        ("alias_of", STRING),  # CNAME target
        ("query_type", STRING),
        ("response_code", STRING),
        ("ttl_s", INT),
        ("client_address", STRING),
        ("server_address", STRING),
        ("flow_id", STRING),
    ),
    # one request or message seen on the wire
    "application_message": _evidence(
        ("protocol", STRING),  # http | stratum | tls | ssh
        ("method", STRING),  # GET, login, mining.submit, client hello, ...
        ("direction", STRING),  # request | response | push
        ("src_address", STRING),
        ("src_port", INT32),
        ("dst_address", STRING),
        ("dst_port", INT32),
        ("flow_id", STRING),
        ("message_id", STRING),
        ("wallet", STRING),
        ("wallet_complete", BOOL),  # false: cut by the snap length
        ("worker", STRING),
        ("user_agent", STRING),
        ("difficulty", WORK),
        ("accepted", BOOL),
        ("algorithm", STRING),
        ("host", STRING),
        ("uri", TEXT),
        ("status", INT32),
        ("text", TEXT),
        ("truncated", BOOL),
    ),
    # one line of a bill; FOCUS 1.2 columns in snake case
    "charge": _evidence(
        ("billing_account_id", STRING),
        ("sub_account_id", STRING),
        ("sub_account_name", STRING),
        ("invoice_id", STRING),
        ("provider_name", STRING),
        ("service_name", STRING),
        ("service_category", STRING),
        ("charge_category", STRING),  # Usage | Purchase | Tax | Credit | Adjustment
        ("charge_class", STRING),
        ("charge_description", TEXT),
        ("charge_frequency", STRING),
        ("billing_period_start", TIME),
        ("billing_period_end", TIME),  # exclusive; ts .. ts_end is the charge period, end exclusive
        ("billed_cost", MONEY),
        ("billed_cost_raw", STRING),
        ("effective_cost", MONEY),
        ("effective_cost_raw", STRING),
        ("list_cost", MONEY),
        ("list_cost_raw", STRING),
        ("contracted_cost", MONEY),
        ("contracted_cost_raw", STRING),
        ("list_unit_price", UNIT_PRICE),
        ("list_unit_price_raw", STRING),
        ("billing_currency", STRING),
        ("consumed_quantity", COIN),
        ("consumed_quantity_raw", STRING),
        ("consumed_unit", STRING),
        ("pricing_quantity", COIN),
        ("pricing_quantity_raw", STRING),
        ("pricing_unit", STRING),
        ("sku_id", STRING),
        ("resource_id", STRING),
        ("resource_name", STRING),
        ("resource_type", STRING),
        ("region_id", STRING),
        ("tags", TEXT),  # JSON
        ("native_type", STRING),  # line item type, cost type
        ("actor", STRING),  # IAM principal, API key id
        ("statement_id", STRING),
        ("known_at", TIME),  # when the provider wrote the line
    ),
    # one call to a cloud's API
    "cloud_activity": _evidence(
        ("provider", STRING),
        ("event_id", STRING),
        ("account_id", STRING),
        ("region", STRING),
        ("service", STRING),
        ("operation", STRING),
        ("succeeded", BOOL),
        ("error_code", STRING),
        ("error_message", TEXT),
        ("actor_type", STRING),
        ("actor_id", STRING),
        ("actor_name", STRING),
        ("access_key_id", STRING),
        ("session_id", STRING),
        ("address", STRING),
        ("user_agent", STRING),
        ("resource_ids", STRINGS),
        ("request", TEXT),  # JSON
        ("response", TEXT),  # JSON
        ("read_only", BOOL),
    ),
    # one sample of load
    "usage_metric": _evidence(
        ("metric", STRING),  # hash_rate | gpu_utilisation | cpu_utilisation | power | memory_used | tokens
        ("value", COIN),
        ("value_raw", STRING),
        ("unit", STRING),
        ("window_s", INT),
        ("host_name", STRING),
        ("device", STRING),
        ("pid", INT),
        ("process_name", STRING),
        ("resource_id", STRING),
    ),
    # one detection by somebody else's sensor
    "alert": _evidence(
        ("product", STRING),
        ("rule", STRING),
        ("category", STRING),
        ("severity", STRING),
        ("title", TEXT),
        ("host_name", STRING),
        ("src_address", STRING),
        ("src_port", INT32),
        ("dst_address", STRING),
        ("dst_port", INT32),
        ("name", STRING),
        ("pid", INT),
        ("command", TEXT),
        ("resource_id", STRING),
        ("is_sample", BOOL),
    ),
    # one request in a designated channel, or its answer
    "resource_request": _evidence(
        ("request_id", STRING),
        ("channel", STRING),
        ("kind", STRING),  # request | answer
        ("requester", STRING),
        ("decided_by", STRING),
        ("outcome", STRING),  # pending | approved | denied
        ("text", TEXT),
    ),
    # one share or batch of shares
    "mining_share": _evidence(
        ("account", STRING),  # wallet or pool account
        ("worker", STRING),
        ("pool", STRING),
        ("difficulty", WORK),
        ("count", INT),
        ("accepted", BOOL),
        ("asset", STRING),
        ("reason", STRING),
        ("total_accepted", INT),  # running counter of the miner process
        ("total_rejected", INT),
    ),
    # one entry of a pool, wallet or exchange
    "coin_movement": _evidence(
        ("kind", STRING),  # credit | payout | receipt | transfer | trade | spend | fee | balance
        ("asset", STRING),
        ("network", STRING),
        ("amount", COIN),
        ("amount_raw", STRING),
        ("fee", COIN),
        ("fee_raw", STRING),
        ("from_address", STRING),
        ("to_address", STRING),
        ("transaction_id", STRING),
        ("account", STRING),
        ("counterparty", STRING),
        ("quote_currency", STRING),
        ("quote_amount", COIN),
        ("quote_amount_raw", STRING),
        ("purpose", TEXT),
    ),
    # one act of recovery, as the responder wrote it down
    "custody_action": _evidence(
        (
            "kind",
            STRING,
        ),  # identified | balance_observed | control_obtained | test_transfer | transfer_to_custody | ...
        ("asset", STRING),
        ("network", STRING),
        ("amount", COIN),
        ("amount_raw", STRING),
        ("fee", COIN),
        ("fee_raw", STRING),
        ("from_address", STRING),
        ("to_address", STRING),
        ("transaction_id", STRING),
        ("actor", STRING),
        ("witness", STRING),
        ("authority", STRING),
        ("text", TEXT),
    ),
    # one quoted price
    "price": _evidence(
        ("asset", STRING),
        ("quote_currency", STRING),
        ("price", COIN),
        ("price_raw", STRING),
        ("provider", STRING),
    ),
    # one setting or string of interest
    "artefact": _evidence(
        ("kind", STRING),  # pool | wallet | worker | miner_version | donate_level | schedule | listener | ...
        ("name", STRING),
        ("value", TEXT),
        ("host", STRING),
        ("port", INT32),
        ("tls", BOOL),
        ("path", STRING),  # where in the file: JSON pointer, section.key
    ),
    # a stretch in which a source saw nothing, lost records or was damaged
    "coverage_gap": _evidence(
        ("reason", STRING),
        ("lost_records", INT),
        ("text", TEXT),
    ),
    # further byte ranges of a row that one range does not tell
    "locator": pa.schema(
        [
            ("source_id", STRING),
            ("record", INT),  # of the row
            ("part", INT32),
            ("span", INT32),  # from 0; span 0 is the row's own record
            ("span_record", INT),  # line, packet, row
            ("span_line", INT),
            ("span_offset", INT),
            ("span_length", INT),
        ]
    ),
    # one byte range that no parser could read
    "quarantine": pa.schema(
        [
            ("source_id", STRING),
            ("record", INT),
            ("line", INT),
            ("offset", INT),
            ("length", INT),
            ("reason", STRING),
            ("format", STRING),
        ]
    ),
}

EVIDENCE_TABLES: tuple[str, ...] = tuple(name for name in TABLES if name not in {"locator", "quarantine"})

# what the workbench writes itself: intake and the dissecting station
STATION_TABLES: dict[str, pa.Schema] = {
    # one delivery and its books
    "source": pa.schema(
        [
            ("source_id", STRING),
            ("intake", INT),
            ("path", STRING),
            ("bytes", INT),
            ("stream_bytes", INT),
            ("stream_sha256", STRING),
            ("codec", STRING),
            ("container_id", STRING),  # of an archive's member: the archive's source_id
            ("container_member", INT),  # its number in the archive, from 0
            ("format", STRING),
            ("format_version", INT),
            ("records", INT),
            ("quarantined", INT),
            ("bytes_parsed", INT),
            ("bytes_quarantined", INT),
            ("bytes_structure", INT),
            ("rows", INT),
            ("first", TIME),
            ("last", TIME),
            ("expected_sha256", STRING),
            ("status", STRING),  # read | partly_read | not_recognised | ambiguous | container | empty
            ("candidates", STRINGS),  # name:grade, best first
            ("reading", STRING),  # names the parts that its rows are in
            ("notes", STRINGS),  # oddities of the compressed stream that cost nothing: padding, skippable frames
        ]
    ),
    # one item of a delivery that was not taken, or not taken whole, and why
    "refusal": pa.schema(
        [
            ("intake", INT),
            ("path", STRING),
            ("kind", STRING),  # symlink | hardlink | fifo | socket | device | encrypted | sparse | unsupported | ...
            ("detail", TEXT),
            ("container_id", STRING),
            ("container_member", INT),
        ]
    ),
    # what is known of a delivery's host, user, account and zone, and on what ground
    "source_scope": pa.schema(
        [
            ("source_id", STRING),
            ("intake", INT),
            ("path", STRING),
            ("host", STRING),
            ("user", STRING),
            ("account", STRING),
            ("zone", STRING),
            ("actor", STRING),  # agent | operator | ... where the case says so
            ("basis", STRING),  # case | path | content
        ]
    ),
    # what the investigator said of a record, in the order in which it was said
    "annotation": pa.schema(
        [
            ("seq", INT),  # from 1
            ("source_id", STRING),
            ("record", INT),
            ("part", INT32),  # null: the whole record
            ("kind", STRING),  # dispute | exclude | note | zone
            ("zone", STRING),  # of the whole source
            ("text", TEXT),
        ]
    ),
    # one distinct command line
    "command_text": pa.schema(
        [
            ("text_sha256", STRING),
            ("key", STRING),  # normalised: equal for the same line typed, called and wrapped
            ("parts", INT32),
        ]
    ),
    # one distinct text, dissected: a command inside a command line
    "command_part": pa.schema(
        [
            ("text_sha256", STRING),
            ("part_no", INT32),  # from 0, in order of appearance
            ("parent_no", INT32),  # the part that carries this one (sudo, sh -c, ssh), null at the top
            ("depth", INT32),
            # top | pipe | and | or | sequence | background | sudo | sh_c | substitution | base64 | heredoc | ssh | ...
            ("via", STRING),
            ("executable", STRING),  # last path component, as written
            ("executable_path", STRING),
            ("argv", STRINGS),
            ("text", TEXT),
            ("span_start", INT32),  # bytes in the text; null for decoded payloads
            ("span_end", INT32),
            ("redirect_in", STRINGS),
            ("redirect_out", STRINGS),
            ("environment", STRINGS),  # NAME=value prefixes
            ("key", STRING),  # normalised command: equal for the same command typed twice
            ("loose_key", STRING),  # executable name and literal arguments: equal for a typed command and its exec
            ("notes", STRINGS),  # parse_error | truncated | decoded
        ]
    ),
    # one address, name, URL, wallet, hash or secret found in a distinct text
    "observable": pa.schema(
        [
            ("text_sha256", STRING),
            ("number", INT32),
            ("kind", STRING),  # ipv4 | ipv6 | domain | url | wallet | sha256 | fingerprint | email | secret
            ("value", STRING),  # null for secrets: only the span is kept
            ("asset", STRING),  # XMR | BTC | EVM; secrets: their kind
            ("check", STRING),  # valid | none | partial
            ("host", STRING),  # of a URL or host:port
            ("port", INT32),
            ("scheme", STRING),
            ("span_start", INT32),  # characters in the text
            ("span_end", INT32),
            ("decoded_from", STRING),  # base64 | hex | null
        ]
    ),
    # the same, found in the raw bytes of a source that no parser read
    "raw_observable": pa.schema(
        [
            ("source_id", STRING),
            ("record", INT),
            ("part", INT32),
            ("line", INT),
            ("offset", INT),
            ("length", INT),
            ("kind", STRING),
            ("value", STRING),
            ("asset", STRING),
            ("check", STRING),
            ("host", STRING),
            ("port", INT32),
            ("scheme", STRING),
        ]
    ),
}

ALL_TABLES: dict[str, pa.Schema] = {**TABLES, **STATION_TABLES}
