"""Which ATT&CK technique a rule's finding is.

Source: MITRE ATT&CK, Enterprise, version 17. Only rules whose finding is one technique by its definition are here; a
finding that may be several or none (a wallet made, a search) is not, and exports list it as not mapped.
"""

from __future__ import annotations

from typing import NamedTuple

ATTACK_VERSION = "17"


class Technique(NamedTuple):
    """A technique under one tactic (in Navigator's spelling)."""

    id: str
    name: str
    tactic: str


_HIJACKING = Technique("T1496.001", "Resource Hijacking: Compute Hijacking", "impact")
_TRANSFER = Technique("T1105", "Ingress Tool Transfer", "command-and-control")
_TUNNELING = Technique("T1572", "Protocol Tunneling", "command-and-control")
_MASQUERADING = Technique("T1036", "Masquerading", "defense-evasion")

TECHNIQUES: dict[str, Technique] = {
    "stratum_url": _HIJACKING,
    "miner_started": _HIJACKING,
    "miner_bare": _HIJACKING,
    "wallet_and_endpoint": _HIJACKING,
    "own_configuration": _HIJACKING,
    "stratum_message": _HIJACKING,
    "share": _HIJACKING,
    "miner_log": _HIJACKING,
    "pool_flow": _HIJACKING,
    "pool_socket": _HIJACKING,
    "miner_fetched": _TRANSFER,
    "miner_cloned": _TRANSFER,
    "program_fetched": _TRANSFER,
    "reverse_forward": _TUNNELING,
    "tunnel_program": _TUNNELING,
    "tunnel_flow": _TUNNELING,
    "dynamic_forward": Technique("T1090", "Proxy", "command-and-control"),
    "firewall_opened": Technique("T1562.004", "Impair Defenses: Disable or Modify System Firewall", "defense-evasion"),
    "logging_stopped": Technique("T1562", "Impair Defenses", "defense-evasion"),
    "history_hidden": Technique("T1562.003", "Impair Defenses: Impair Command History Logging", "defense-evasion"),
    "program_renamed": _MASQUERADING,
    "process_disguised": _MASQUERADING,
    "cron_installed": Technique("T1053.003", "Scheduled Task/Job: Cron", "persistence"),
    "service_installed": Technique("T1543.002", "Create or Modify System Process: Systemd Service", "persistence"),
}
# stages that tell of the conduct of the one who mined; the others are acts of people and machines around him
CONDUCT = frozenset({"exploration", "acquisition", "setup", "evasion", "egress", "persistence", "mining"})
