"""Names that flow tools print where the packets hold numbers: protocols, TCP flags, well-known ports.

Source: IANA protocol-numbers and service-names registries; nfdump src/libnffile/util.c (protocol names, flag letters);
argus and ra print the names of /etc/protocols and /etc/services in lower case.
"""

from __future__ import annotations

ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58

# protocols that have ports
WITH_PORTS = frozenset({TCP, UDP, 33, 132, 136})

PROTOCOLS = {
    "icmp": ICMP,
    "igmp": 2,
    "ggp": 3,
    "ipip": 4,
    "ipnip": 4,
    "st": 5,
    "tcp": TCP,
    "cbt": 7,
    "egp": 8,
    "igp": 9,
    "udp": UDP,
    "dccp": 33,
    "ipv6": 41,
    "rsvp": 46,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "icmp6": ICMP6,
    "ipv6-icmp": ICMP6,
    "eigrp": 88,
    "ospf": 89,
    "ospfigp": 89,
    "pim": 103,
    "vrrp": 112,
    "l2tp": 115,
    "isis": 124,
    "sctp": 132,
    "udp-l": 136,
    "udplite": 136,
    "mpls": 137,
}

SERVICES = {
    "ftp-data": 20,
    "ftp": 21,
    "ssh": 22,
    "telnet": 23,
    "smtp": 25,
    "domain": 53,
    "bootps": 67,
    "bootpc": 68,
    "tftp": 69,
    "http": 80,
    "www": 80,
    "kerberos": 88,
    "pop3": 110,
    "sunrpc": 111,
    "ntp": 123,
    "netbios-ns": 137,
    "netbios-dgm": 138,
    "netbios-ssn": 139,
    "imap2": 143,
    "imap": 143,
    "snmp": 161,
    "ldap": 389,
    "https": 443,
    "microsoft-ds": 445,
    "syslog": 514,
    "ldaps": 636,
    "imaps": 993,
    "pop3s": 995,
    "socks": 1080,
    "ms-sql-s": 1433,
    "nfs": 2049,
    "mysql": 3306,
    "ms-wbt-server": 3389,
    "sip": 5060,
    "mdns": 5353,
    "postgresql": 5432,
    "http-alt": 8080,
}

_FLAG_BITS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}


def protocol(text: str) -> int | None:
    """Return the IANA number of a protocol given by number or name, None where it is neither."""
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= 3 and int(text) < 256 else None
    return PROTOCOLS.get(text.lower())


def tcp_flags(letters: str) -> int | None:
    """Return TCP flags given by letters in any order (dots stand for those not set), None if other signs are there."""
    bits = 0
    for letter in letters:
        if letter != ".":
            if letter not in _FLAG_BITS:
                return None
            bits |= _FLAG_BITS[letter]
    return bits
