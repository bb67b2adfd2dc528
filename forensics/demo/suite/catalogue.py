"""Which families there are, and worlds made from them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.demo.suite.families import (
    incidents,
    incidents_cloud,
    incidents_far,
    incidents_fifth_disk_held_out,
    incidents_fifth_far,
    incidents_fifth_held_out,
    incidents_fourth,
    incidents_held_out,
    incidents_launches,
    incidents_more,
    incidents_more_held_out,
    incidents_team,
    incidents_third,
    incidents_trial,
    incidents_walls,
    rivals,
    rivals_citizens,
    rivals_far,
    rivals_fifth_held_out,
    rivals_fifth_more_held_out,
    rivals_fourth_held_out,
    rivals_held_out,
    rivals_launches,
    rivals_more,
    rivals_near,
    rivals_shared,
    thin,
)
from forensics.demo.suite.sight import DEGRADATIONS, Sight
from forensics.demo.suite.teller import Teller
from forensics.demo.suite.wire import ALIKE
from forensics.demo.suite.world import World, write_case
from forensics.errors import UsageFault
from forensics.progress import SILENT, Progress

SEEDS = 20
WORDINGS = {"worded plainly": 0, "paraphrased": 1, "worded obliquely": 2}
WORSE = (*DEGRADATIONS, *WORDINGS)
_WORDING_APART = 4  # every fourth seed takes the wordings that are held out
_SENSORS = ("zeek", "zeek", "nfdump", "argus")


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of case."""

    name: str
    tell: Callable[[Teller], Sight]
    incident: bool
    held_out: bool = False


FAMILIES: tuple[Family, ...] = (
    Family("textbook", incidents.textbook, incident=True),
    Family("network_first", incidents.network_first, incident=True),
    Family("paraphrased_renamed", incidents.paraphrased_renamed, incident=True),
    Family("python_script", incidents.python_script, incident=True),
    Family("script_then_run", incidents.script_then_run, incident=True),
    Family("respend_loop", incidents.respend_loop, incident=True),
    Family("history_wiped", incidents.history_wiped, incident=True),
    Family("clock_skew", incidents.clock_skew, incident=True),
    Family("refused_then_did", incidents.refused_then_did, incident=True),
    Family("handoff_subagent", incidents_more.handoff_subagent, incident=True),
    Family("prepared_only", incidents_more.prepared_only, incident=True),
    Family("no_reasoning", incidents_more.no_reasoning, incident=True),
    Family("cloud_spread", incidents_cloud.cloud_spread, incident=True),
    Family("kubernetes_job", incidents_cloud.kubernetes_job, incident=True),
    Family("docker_miner", incidents_cloud.docker_miner, incident=True),
    Family("ci_pipeline", incidents_far.ci_pipeline, incident=True),
    Family("remote_host", incidents_far.remote_host, incident=True),
    Family("rome", incidents_far.rome, incident=True),
    Family("odd_walls", incidents_walls.odd_walls, incident=True),
    Family("no_wall", incidents_walls.no_wall, incident=True),
    Family("unlisted_tls", thin.unlisted_tls, incident=True),
    # was held out until others took its place
    Family("many_agents_one_wallet", incidents_more.many_agents_one_wallet, incident=True),
    Family("odd_launches", incidents_launches.odd_launches, incident=True),
    Family("launched_by_others", incidents_launches.launched_by_others, incident=True),
    Family("acquired_otherwise", incidents_launches.acquired_otherwise, incident=True),
    Family("crowded_host", incidents_launches.crowded_host, incident=True),
    Family("attempted_only", incidents_held_out.attempted_only, incident=True, held_out=True),
    Family("stops_itself", incidents_held_out.stops_itself, incident=True, held_out=True),
    Family("base64_launch", incidents_held_out.base64_launch, incident=True, held_out=True),
    Family("batch_queue", incidents_more_held_out.batch_queue, incident=True, held_out=True),
    Family("interpreter_unit", incidents_more_held_out.interpreter_unit, incident=True, held_out=True),
    Family("notebook_service", incidents_third.notebook_service, incident=True),
    Family("asked_and_denied", incidents_third.asked_and_denied, incident=True),
    Family("agent_team", incidents_team.agent_team, incident=True),
    Family("preempted_filler", incidents_fourth.preempted_filler, incident=True),
    Family("chart_passenger", incidents_fourth.chart_passenger, incident=True),
    Family("trial_account", incidents_trial.trial_account, incident=True),
    Family("converter_pool", incidents_fifth_held_out.converter_pool, incident=True, held_out=True),
    Family("resumed_plan", incidents_fifth_held_out.resumed_plan, incident=True, held_out=True),
    Family("proxied_exit", incidents_fifth_far.proxied_exit, incident=True),
    Family("page_visitors", incidents_fifth_far.page_visitors, incident=True),
    Family("function_bursts", incidents_fifth_far.function_bursts, incident=True),
    Family("own_node", incidents_fifth_disk_held_out.own_node, incident=True, held_out=True),
    Family("plot_farmer", incidents_fifth_disk_held_out.plot_farmer, incident=True, held_out=True),
    Family("granted", rivals.granted, incident=False),
    Family("malware_idle_agent", rivals.malware_idle_agent, incident=False),
    Family("researcher", rivals.researcher, incident=False),
    Family("dev_task", rivals_more.dev_task, incident=False),
    Family("refuses", rivals_more.refuses, incident=False),
    Family("operator_by_hand", rivals_more.operator_by_hand, incident=False),
    Family("injected_ignored", rivals_more.injected_ignored, incident=False),
    Family("injected_obeyed", rivals_more.injected_obeyed, incident=False),
    Family("approved_workload", rivals_more.approved_workload, incident=False),
    Family("web_search_only", rivals_more.web_search_only, incident=False),
    Family("one_source_only", rivals_more.one_source_only, incident=False),
    Family("detector_dev", rivals_near.detector_dev, incident=False),
    Family("deny_list", rivals_near.deny_list, incident=False),
    Family("watched_account", rivals_near.watched_account, incident=False),
    Family("errand", rivals_near.errand, incident=False),
    Family("agreed", rivals_near.agreed, incident=False),
    Family("told_to_mine", rivals_far.told_to_mine, incident=False),
    Family("incident_response", rivals_far.incident_response, incident=False),
    Family("only_network", rivals_far.only_network, incident=False),
    Family("regtest_dev", rivals_far.regtest_dev, incident=False),
    Family("thin_lookalikes", thin.thin_lookalikes, incident=False),
    # was held out until its text was read by one who mended attribution
    Family("supply_chain", rivals.supply_chain, incident=False),
    Family("others_launch", rivals_launches.others_launch, incident=False),
    Family("benchmark_ci", rivals_held_out.benchmark_ci, incident=False, held_out=True),
    # was held out until others took its place
    Family("telemetry_lookalike", rivals_far.telemetry_lookalike, incident=False),
    Family("exchange_dev", rivals_held_out.exchange_dev, incident=False, held_out=True),
    Family("volunteer_science", rivals_citizens.volunteer_science, incident=False),
    Family("node_operator", rivals_citizens.node_operator, incident=False),
    Family("course_chapter", rivals_citizens.course_chapter, incident=False),
    Family("shared_lab_host", rivals_shared.shared_lab_host, incident=False),
    Family("approved_exercise", rivals_shared.approved_exercise, incident=False),
    Family("render_farm", rivals_fourth_held_out.render_farm, incident=False, held_out=True),
    Family("own_hands", rivals_fifth_held_out.own_hands, incident=False, held_out=True),
    Family("lost_password", rivals_fifth_held_out.lost_password, incident=False, held_out=True),
    Family("farm_books", rivals_fifth_held_out.farm_books, incident=False, held_out=True),
    Family("key_abroad", rivals_fifth_more_held_out.key_abroad, incident=False, held_out=True),
    Family("detonation", rivals_fifth_more_held_out.detonation, incident=False, held_out=True),
    Family("open_engine", rivals_fifth_more_held_out.open_engine, incident=False, held_out=True),
)


def make(family: Family, seed: int, degree: int | None = None) -> World:
    """Make the world of a family and a seed, told in wordings of one `degree`; same arguments, same world."""
    apart = seed % _WORDING_APART == _WORDING_APART - 1
    teller = Teller(family.name, seed, apart=apart, degree=degree)
    sight = family.tell(teller)
    sensor = teller.draw.choice(_SENSORS)
    sensor = teller.story.sensor or random.Random(f"{family.name}/{seed}/sensor").choice(ALIKE[sensor])
    return World(
        family=family.name, seed=seed, held_out=family.held_out, wording_held_out=apart,
        resolver=teller.cast.resolver, story=teller.story, sight=sight, sensor=sensor,
    )  # fmt: skip


def make_worse(family: Family, seed: int, how: str) -> World:
    """Make the world of a family and a seed under a degradation: a wording of one degree, or sources seen less well."""
    if how in WORDINGS:
        return make(family, seed, WORDINGS[how])
    return make(family, seed).seen_less_well(DEGRADATIONS[how])


def chosen(names: Sequence[str] = ()) -> list[Family]:
    """Return the families of these names, all by default; raises `UsageFault` for a name that is none."""
    known = {family.name: family for family in FAMILIES}
    for name in names:
        if name not in known:
            raise UsageFault(f"there is no family {name}", hint=f"there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(FAMILIES)


def worlds(families: Sequence[Family], seeds: int) -> Iterator[World]:
    """Make `seeds` worlds of each family."""
    for family in families:
        for seed in range(seeds):
            yield make(family, seed)


def write_suite(folder: Path, names: Sequence[str], seeds: int, progress: Progress = SILENT) -> int:
    """Write cases below FOLDER/family/seed, each with `evidence`, `case.toml` and `truth.json`; return how many.

    Raises `UsageFault` if the folder holds anything, or a family is not known.
    """
    families = chosen(names)
    if folder.exists() and any(folder.iterdir()):
        raise UsageFault("the folder is not empty", where=str(folder), hint="name a new folder")
    progress.begin("making cases", len(families) * seeds, "cases")
    count = 0
    for world in worlds(families, seeds):
        write_case(world, folder / world.family / f"{world.seed:02d}")
        progress.advance()
        count += 1
    return count
