from __future__ import annotations

from types import ModuleType

import pytest

from reports import views
from reports.citations import Citations, anchor, not_inlined
from reports.model import Asset, CitedRecord, Source


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0, "almost no chance"),
        (0.05, "almost no chance"),
        (0.051, "very unlikely"),
        (0.5, "roughly even chance"),
        (0.95, "very likely"),
        (0.951, "almost certain"),
        (1.0, "almost certain"),
    ],
)
def test_one_band_holds_the_probability(probability: float, words: str) -> None:
    here = [band.words for band in views.bands(probability) if band.here]
    assert here == [words]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        ({"received": "10", "recovered": "5", "spent": "3", "outstanding": "2"}, [(0, 500), (500, 300), (800, 200)]),
        ({"paid": "10", "recovered": "5"}, [(0, 500)]),
        ({"received": "10", "recovered": "11"}, []),
        ({"received": "0", "recovered": "0"}, []),
        ({"received": "10", "spent": "-1"}, []),
        ({"received": "10"}, []),
        ({"recovered": "10"}, []),
    ],
)
def test_a_split_is_drawn_only_where_it_adds_up(amounts: dict[str, str], expected: list[tuple[int, int]]) -> None:
    assert [(part.begin, part.width) for part in views.asset_shares(Asset("XMR", **amounts))] == expected


def test_books_add_up_over_streams() -> None:
    plain = Source("a", "0" * 64, 10, "x", 1, 0, 8, 1, 1)
    packed = Source("b", "1" * 64, 10, "x", 1, 0, 30, 0, 10, 40)
    off = Source("c", "2" * 64, 10, "x", 1, 0, 5, 0, 0)
    books = views.books((plain, packed, off))
    assert (books.total, books.parsed, books.structure, books.quarantined, books.unbalanced) == (60, 43, 11, 1, 1)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"line": 1204, "offset": 1000, "length": 185}, "line 1,204, bytes 1,000 to 1,184 (185 in all)"),
        ({"locator": "packets 1 to 4"}, "packets 1 to 4"),
        ({"offset": 5, "length": 0}, "bytes 5 to 5 (0 in all)"),
        ({}, "no byte range of its own"),
    ],
)
def test_place(fields: dict[str, int], expected: str) -> None:
    record = CitedRecord("a" * 12 + "#1", "p", "a" * 64, **fields)  # type: ignore[arg-type]
    assert views.place(record) == expected


def test_numbers_follow_first_citation() -> None:
    citations = Citations("one")
    first, second = "a" * 12 + "#1", "b" * 12 + "#2"
    assert [citations.number(first), citations.number(second), citations.number(first)] == [1, 2, 1]
    citations.section = "two"
    citations.number(second)
    assert citations.sections(second) == ("one", "two")
    assert citations.known("c" * 12 + "#3") is None
    assert anchor("a" * 12 + "#17.2") == "ref-" + "a" * 12 + "-17.2"


def test_a_ref_without_a_card_is_placed_by_its_source(samples: ModuleType) -> None:
    citations = Citations("one")
    known, unknown = samples.ref("flow", 50_000), "f" * 12 + "#3"
    citations.number(known)
    citations.number(unknown)
    listed = not_inlined(citations, (), samples.sources())
    assert [(item.ref, item.path, item.record) for item in listed] == [
        (known, "netflow/vpc-flow-2026-03.log.gz", "50000"),
        (unknown, "", "3"),
    ]


def test_cards_of_the_timeline_come_after_the_cited(samples: ModuleType) -> None:
    records = samples.incident_model(1).records[:3]
    citations = Citations("verdict")
    citations.number(records[2].ref)
    sections = (views.Section("verdict", "1", "Verdict"), views.Section("timeline", "5", "Timeline"))
    cards = views.cards(records, citations, sections, frozenset({records[1].ref}))
    assert [card.record for card in cards] == [records[2], records[1], records[0]]
    assert [card.label for card in cards] == ["1", "2", "3"]
    assert [[section.name for section in card.sections] for card in cards] == [["verdict"], ["timeline"], []]
