"""How acts are tied together, drawn: a lane for each source, records in order of time, links as curves between them.

Pure geometry in SVG units (a CSS pixel each); the template writes it down. Columns are evenly spaced: what lies a day
apart and what lies a second apart are both one step, so the drawing shows order and ties, never duration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports import safetext, wording
from reports.model import CitedRecord, Link, When
from reports.vocabulary import LINK_FAMILY_OF

MOST_LINKS = 150
MOST_LANES = 24
LANE = 44
FOOT = 24  # below the lanes, for times
SIDE = 14  # free at either end
LEAST_STEP, MOST_STEP, USUAL_WIDTH = 9, 30, 960
LABEL_CAP = 46
EXCERPT_CAP = 140
_TICK_EVERY = 150


@dataclass(frozen=True, slots=True)
class Lane:
    """A source: its label and the line that its records stand on."""

    label: str
    y: int


@dataclass(frozen=True, slots=True)
class Node:
    """A record at its place; `title` tells time, source and first words."""

    ref: str
    x: int
    y: int
    title: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A link: its curve, its arrowhead, the family that colours it; `loose` where only order supports it."""

    begin: int
    end: int
    curve: str
    head: str
    family: str
    loose: bool
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A time under the lanes."""

    x: int
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole drawing; `left_out` counts links that the table alone has."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    ticks: tuple[Tick, ...]
    left_out: int


def drawn(links: Iterable[Link], records: Mapping[str, CitedRecord]) -> Drawing | None:
    """Draw the links whose both ends have a card, the surest first up to a limit; None where there is none."""
    given = tuple(links)
    chosen = _chosen(given, records)
    if not chosen:
        return None
    refs = sorted({ref for link in chosen for ref in (link.from_ref, link.to_ref)}, key=lambda r: _order(records[r]))
    paths = list(dict.fromkeys(records[ref].path for ref in refs))  # by their first record
    step = min(max((USUAL_WIDTH - 2 * SIDE) // max(len(refs) - 1, 1), LEAST_STEP), MOST_STEP)
    nodes = tuple(
        Node(ref, SIDE + step * place, _foot(paths.index(records[ref].path)), _title(records[ref]))
        for place, ref in enumerate(refs)
    )
    places = {node.ref: index for index, node in enumerate(nodes)}
    return Drawing(
        width=max(2 * SIDE + step * (len(refs) - 1), USUAL_WIDTH),
        height=LANE * len(paths) + FOOT,
        lanes=tuple(Lane(_label(path), _foot(index)) for index, path in enumerate(paths)),
        nodes=nodes,
        edges=tuple(_edge(link, nodes, places) for link in chosen),
        ticks=tuple(_ticks([records[ref].when for ref in refs], step)),
        left_out=len(given) - len(chosen),
    )


def _chosen(links: tuple[Link, ...], records: Mapping[str, CitedRecord]) -> tuple[Link, ...]:
    """Keep the surest links, and of those no more lanes than a page holds, in the order given."""
    shown = [i for i, link in enumerate(links) if link.from_ref in records and link.to_ref in records]
    paths: set[str] = set()
    kept: list[int] = []
    for index in sorted(shown, key=lambda i: (-links[i].probability, i))[:MOST_LINKS]:
        both = {records[ref].path for ref in (links[index].from_ref, links[index].to_ref)}
        if len(paths | both) <= MOST_LANES:
            paths |= both
            kept.append(index)
    return tuple(links[index] for index in sorted(kept))


def _order(record: CitedRecord) -> tuple[bool, int, str, int, str]:
    us = _us(record.when)
    return us is None, us or 0, record.path, record.offset or 0, record.ref


def _us(when: When) -> int | None:
    return next((us for us in (when.us, when.earliest_us, when.latest_us) if us is not None), None)


def _foot(lane: int) -> int:
    return LANE * lane + LANE - 10


def _label(path: str) -> str:
    shown = safetext.plain(path, 200)
    return shown if len(shown) <= LABEL_CAP else "…" + shown[1 - LABEL_CAP :]


def _title(record: CitedRecord) -> str:
    said = " ".join((record.excerpt or "").split())
    return " · ".join(filter(None, (wording.when(record.when), record.path, said[:EXCERPT_CAP])))


def _edge(link: Link, nodes: tuple[Node, ...], places: Mapping[str, int]) -> Edge:
    begin, end = places[link.from_ref], places[link.to_ref]
    a, b = nodes[begin], nodes[end]
    if a.y == b.y:
        rise = min(10 + abs(b.x - a.x) // 6, LANE - 16)
        curve, head = f"M{a.x} {a.y}C{a.x} {a.y - rise} {b.x} {b.y - rise} {b.x} {b.y}", f"M{b.x - 3} {b.y - 9}h6l-3 5z"
    else:
        pull = max(abs(b.x - a.x) // 2, 12)
        curve = f"M{a.x} {a.y}C{a.x + pull} {a.y} {b.x - pull} {b.y} {b.x} {b.y}"
        head = f"M{b.x - 9} {b.y - 3}v6l5 -3z"
    loose = link.basis == "order"
    return Edge(begin, end, curve, head, LINK_FAMILY_OF.get(link.kind, "other"), loose, link.why)


def _ticks(times: list[When], step: int) -> Iterable[Tick]:
    """The time of a column wherever there is room, the date where it changes."""
    day, free = "", 0
    for place, when in enumerate(times):
        us, x = _us(when), SIDE + step * place
        if us is None or x < free:
            continue
        text = wording.moment(us)[:19]
        yield Tick(x, text[11:] if text[:10] == day else text)
        day, free = text[:10], x + _TICK_EVERY
