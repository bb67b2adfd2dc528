"""Which of Zeek's logs a JSON record is from, where it does not say so itself.

Source: docs.zeek.org, script reference, log files: every set holds keys that the records of that log always have, and
those of no other together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# in this order: the first whose keys are all there
_KEYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("conn", ("uid", "proto", "conn_state", "missed_bytes")),
    ("conn", ("uid", "proto", "conn_state", "orig_pkts")),
    ("dns", ("uid", "trans_id", "rejected")),
    ("dns", ("uid", "qtype_name", "rejected")),
    ("dns", ("uid", "trans_id", "qclass")),
    ("ssl", ("uid", "established", "resumed")),
    ("ssl", ("uid", "ssl_history")),
    ("http", ("uid", "trans_depth", "request_body_len")),
    ("http", ("uid", "trans_depth", "status_code")),
    ("ssh", ("uid", "auth_attempts", "client")),
    ("ssh", ("uid", "auth_attempts", "server")),
    ("x509", ("certificate.serial", "certificate.version")),
    ("notice", ("note", "actions")),
    ("notice", ("note", "suppress_for")),
    ("weird", ("name", "notice", "peer")),
    ("intel", ("seen.indicator", "seen.indicator_type")),
    ("files", ("fuid", "source", "analyzers")),
    ("files", ("fuid", "seen_bytes", "is_orig")),
    ("capture_loss", ("ts_delta", "gaps", "acks", "percent_lost")),
    ("stats", ("peer", "pkts_proc", "events_proc")),
    ("packet_filter", ("node", "filter", "init", "success")),
    ("quic", ("uid", "client_initial_dcid")),
    ("dhcp", ("uids", "msg_types")),
    ("dce_rpc", ("uid", "rtt", "operation", "endpoint")),
    ("dce_rpc", ("uid", "named_pipe")),
    ("dnp3", ("uid", "iin")),
    ("dpd", ("uid", "analyzer", "failure_reason")),
    ("analyzer", ("cause", "analyzer_kind", "analyzer_name")),
    ("ftp", ("uid", "data_channel.passive")),
    ("kerberos", ("uid", "request_type")),
    ("ldap", ("uid", "message_id", "opcode")),
    ("ldap_search", ("uid", "message_id", "base_object")),
    ("modbus", ("uid", "func")),
    ("mqtt_connect", ("uid", "proto_name", "connect_status")),
    ("mqtt_publish", ("uid", "from_client", "retain", "topic")),
    ("mqtt_subscribe", ("uid", "granted_qos_level")),
    ("mysql", ("uid", "cmd", "arg")),
    ("ntlm", ("uid", "domainname", "hostname")),
    ("ntlm", ("uid", "server_nb_computer_name")),
    ("ntp", ("uid", "ref_id", "xmt_time")),
    ("rdp", ("uid", "cert_count")),
    ("rfb", ("uid", "share_flag")),
    ("sip", ("uid", "request_path", "response_path")),
    ("smb_files", ("uid", "action", "times.modified")),
    ("smb_mapping", ("uid", "share_type")),
    ("smtp", ("uid", "trans_depth", "last_reply")),
    ("snmp", ("uid", "get_requests", "set_requests")),
    ("socks", ("uid", "request_p")),
    ("syslog", ("uid", "facility", "severity", "message")),
    ("tunnel", ("uid", "tunnel_type", "action")),
    ("ocsp", ("id", "hashAlgorithm", "serialNumber")),
    ("pe", ("id", "compile_ts", "is_exe")),
    ("software", ("software_type", "unparsed_version")),
    ("known_services", ("host", "port_num", "port_proto")),
    ("known_certs", ("host", "port_num", "issuer_subject")),
    ("arp", ("operation", "orig_hw", "resp_hw")),
)


def path_of(fields: Mapping[str, Any]) -> str | None:
    """Return the name of the log: as the record says, else by its keys; None where neither tells."""
    said = fields.get("_path")
    if type(said) is str and said:
        return said
    return next((path for path, keys in _KEYS if all(key in fields for key in keys)), None)
