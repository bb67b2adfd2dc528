"""What clouds, clusters, container engines and monitors write down of a story: one JSON object or cell row a line.

A story's entries of the kinds in `WRITERS` are written here, each by a function from time and entry to its text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from forensics.demo.acts import SECOND, Host
from forensics.demo.suite.deeds import Entry

CLOUDTRAIL, GUARDDUTY = "cloud/cloudtrail.jsonl", "cloud/guardduty.jsonl"
KUBERNETES, FALCO = "cluster/kube-apiserver.jsonl", "cluster/falco.jsonl"
EVE = "network/suricata/eve.json"
GPU_HEADER = (
    "timestamp, name, index, uuid, utilization.gpu [%], memory.used [MiB], power.draw [W], temperature.gpu"
)  # fmt: skip
ACCOUNT, REGION = "000000000034", "eu-west-1"
Writer = Callable[[int, Entry], str]


def docker_path(host: Host) -> str:
    """Where the events of a host's container engine stand in the delivery."""
    return f"hosts/{host.name}/docker-events.json"


def gpu_path(host: Host) -> str:
    """Where the samples of a host's GPUs stand in the delivery."""
    return f"hosts/{host.name}/nvidia-smi.csv"


def _cloudtrail(at_us: int, entry: Entry) -> str:
    values = entry.values
    name = str(values["actor"])
    identity = {
        "type": "AssumedRole", "principalId": f"AROAEXAMPLE:{name}", "accountId": ACCOUNT,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{values.get('role', 'workbench')}/{name}",
        "accessKeyId": f"ASIA{_id(entry, 16).upper()}",
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": values.get("role", "workbench")}},
    }  # fmt: skip
    if "key" in values:  # a key of long life, which is the account's own
        identity = {
            "type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": ACCOUNT, "userName": name,
            "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", "accessKeyId": values["key"],
        }  # fmt: skip
    event = {
        "eventVersion": "1.09", "userIdentity": identity, "eventTime": _iso(at_us),
        "eventSource": f"{values.get('service', 'ec2')}.amazonaws.com", "eventName": values["name"],
        "awsRegion": values.get("region", REGION), "sourceIPAddress": values.get("address", "198.51.100.8"),
        "userAgent": values.get("agent", "aws-cli/2.17.4 md/awscrt#0.20.11 ua/2.0"),
        "requestParameters": values.get("request"),
        "responseElements": values.get("response"), "requestID": _uuid(entry, "request"), "eventID": _uuid(entry, ""),
        "readOnly": bool(values.get("read_only")), "eventType": "AwsApiCall", "managementEvent": True,
        "recipientAccountId": ACCOUNT, "eventCategory": "Management",
    }  # fmt: skip
    if "error" in values:
        event |= {"errorCode": values["error"], "errorMessage": values.get("message", "")}
    return _line(event)


def _guardduty(at_us: int, entry: Entry) -> str:
    values, finding = entry.values, _id(entry, 32)
    machine = {
        "instanceId": values["instance"], "instanceType": values.get("size", "c5.24xlarge"),
        "networkInterfaces": [{"privateIpAddress": values["address"]}],
    }  # fmt: skip
    seen = {"eventFirstSeen": _iso(at_us - 600 * SECOND), "eventLastSeen": _iso(at_us - 60 * SECOND), "count": 3}
    return _line({
        "schemaVersion": "2.0", "accountId": ACCOUNT, "region": REGION, "partition": "aws", "id": finding,
        "arn": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d1/finding/{finding}", "type": values["type"],
        "resource": {"resourceType": "Instance", "instanceDetails": machine},
        "service": {
            "serviceName": "guardduty", "detectorId": "d1", "action": values["action"], "resourceRole": "TARGET",
            "additionalInfo": {}, "archived": False, **seen,
        },
        "severity": 8, "createdAt": _iso_ms(at_us), "updatedAt": _iso_ms(at_us), "title": values["title"],
        "description": values["title"],
    })  # fmt: skip


def _kubernetes(at_us: int, entry: Entry) -> str:
    values = entry.values
    target = {key: values[key] for key in ("resource", "namespace", "name", "apiGroup", "subresource") if key in values}
    group = f"apis/{values['apiGroup']}" if "apiGroup" in values else "api"
    place = f"/{group}/v1/namespaces/{values.get('namespace', 'default')}/{values['resource']}"
    event = {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": _uuid(entry, ""),
        "stage": "ResponseComplete", "requestURI": values.get("uri", place), "verb": values["verb"],
        "user": {"username": values["user"], "groups": ["system:authenticated"]},
        "sourceIPs": [values.get("address", "192.0.2.50")], "userAgent": values.get("agent", "kubectl/v1.31.0"),
        "objectRef": {**target, "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": values.get("code", 200)},
        "requestReceivedTimestamp": _iso_us(at_us), "stageTimestamp": _iso_us(at_us + 4_000),
    }  # fmt: skip
    if "request" in values:
        event["requestObject"] = values["request"]
    return _line(event)


def _falco(at_us: int, entry: Entry) -> str:
    values = entry.values
    stamp = f"{_iso_us(at_us)[:-1]}000Z"
    return _line({
        "hostname": values["host"], "output": f"{stamp[11:-1]}: {values['priority']} {values['text']}",
        "priority": values["priority"], "rule": values["rule"], "source": "syscall", "tags": ["process"],
        "time": stamp, "uuid": _uuid(entry, ""), "output_fields": {**values["fields"], "evt.time": at_us * 1000},
    })  # fmt: skip


def _docker(at_us: int, entry: Entry) -> str:
    values = entry.values
    attributes = {"image": values["image"], "name": values["name"], **values.get("more", {})}
    kind = values.get("type", "container")
    actor = values["image"] if kind == "image" else sha256(str(values["name"]).encode()).hexdigest()
    return _line({
        "status": values["action"], "id": actor, "from": values["image"], "Type": kind, "Action": values["action"],
        "Actor": {"ID": actor, "Attributes": attributes}, "scope": "local", "time": at_us // SECOND,
        "timeNano": at_us * 1000 + 1,
    })  # fmt: skip


def _gpu(at_us: int, entry: Entry) -> str:
    values, moment = entry.values, datetime.fromtimestamp(at_us // SECOND, UTC)
    stamp = f"{moment:%Y/%m/%d %H:%M:%S}.{at_us % SECOND // 1000:03d}"
    device = f"GPU-00000000-0000-0000-0000-{int(values['index']):012d}"
    cells = (
        stamp, "NVIDIA A100-SXM4-40GB", values["index"], device, f"{values['load']} %", f"{values['memory']} MiB",
        f"{values['power']}.00 W", values["heat"],
    )  # fmt: skip
    return ", ".join(map(str, cells))


def _suricata(at_us: int, entry: Entry) -> str:
    values = entry.values
    return _line({
        "timestamp": eve_time(at_us), "flow_id": int(_id(entry, 13), 16), "in_iface": "eth1", "event_type": "alert",
        "src_ip": values["client"], "src_port": values["client_port"], "dest_ip": values["server"],
        "dest_port": values["port"], "proto": "TCP",
        "alert": {
            "action": "allowed", "gid": 1, "signature_id": values["number"], "rev": 3, "signature": values["text"],
            "category": values["category"], "severity": values["severity"],
        },
        "app_proto": "failed", "direction": "to_server", "host": "sensor-1",
    })  # fmt: skip


WRITERS: Mapping[str, Writer] = MappingProxyType({
    "cloudtrail": _cloudtrail, "guardduty": _guardduty, "kubernetes": _kubernetes, "falco": _falco, "docker": _docker,
    "gpu": _gpu, "suricata": _suricata,
})  # fmt: skip


def eve_time(at_us: int) -> str:
    """Write a time as Suricata does."""
    return f"{_iso_us(at_us)[:-1]}+0000"


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _id(entry: Entry, length: int) -> str:
    return sha256(f"{entry.path}/{entry.key}/{entry.at_us}".encode()).hexdigest()[:length]


def _uuid(entry: Entry, what: str) -> str:
    digits = sha256(f"{entry.path}/{entry.key}/{what}/{entry.at_us}".encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def _iso(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _iso_ms(at_us: int) -> str:
    return f"{_iso(at_us)[:-1]}.{at_us % SECOND // 1000:03d}Z"


def _iso_us(at_us: int) -> str:
    return f"{_iso(at_us)[:-1]}.{at_us % SECOND:06d}Z"
