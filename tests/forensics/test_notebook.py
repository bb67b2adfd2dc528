"""A case in a notebook: what comes back is typed, masked and inert; nothing is written, nothing else is reached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from forensics import open_case, refs
from forensics.case import Case
from forensics.display import shown_table
from forensics.errors import CheckFailed, UsageFault
from forensics.intake import Options, ingest
from forensics.masking import masked_arguments
from forensics.notebook import OpenCase
from parsers.schema import ALL_TABLES
from queries.catalogue import all_relations

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"
HISTORY = (
    b"#1772500000\nls -la\n"
    b"#1772500100\nexport OPENAI_API_KEY=" + KEY.encode() + b"\n"
    b"#1772500200\nprintf 'a\x1b[31mb'\n"
    b"#1772500300\necho '<script>alert(1)</script> $x_1$'\n"
    b"#1772500400\ncurl http://falcon.example/ --password hunter2hunter2\n"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of one history, sealed and not analysed, in which the name of a project is private."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "evidence").mkdir()
    (folder / "evidence/.bash_history").write_bytes(HISTORY)
    case = Case.create(folder / "case", b'[case]\nid = "x"\n[redaction]\nwords = ["falcon"]\n')
    ingest(case, [folder / "evidence"], Options(workers=1))
    return folder / "case"


@pytest.fixture(scope="module")
def history(root: Path) -> Iterator[OpenCase]:
    with open_case(root) as case:
        yield case


@pytest.fixture(scope="module")
def demo(small_demo: Path) -> Iterator[OpenCase]:
    with open_case(small_demo / "case") as case:
        yield case


def test_sql_answers_in_frames_and_in_arrow(history: OpenCase) -> None:
    frame = history.sql("select record, command, ts from process where record <= $1 order by record", 1)
    assert frame.to_dict("records") == [
        {"record": 1, "command": "ls -la", "ts": datetime(2026, 3, 3, 1, 6, 40, tzinfo=UTC)}
    ]
    table = history.sql("select count(*) as n from process", out="arrow")
    assert isinstance(table, pa.Table)
    assert table.to_pylist() == [{"n": 5}]


def test_numbers_that_are_not_there_stay_missing_and_whole_ones_whole(history: OpenCase) -> None:
    frame = history.sql(
        "select cast(9007199254740993 as bigint) as large, true as flag, cast(1.10 as decimal(9, 2)) as amount"
        " union all select null, null, null order by large nulls last"
    )
    assert frame["large"].tolist() == [9007199254740993, pd.NA]
    assert str(frame["flag"].dtype) == "boolean"
    assert frame["amount"][0] == Decimal("1.10")
    assert history.sql("select sum(record) as total from process")["total"].tolist() == [Decimal(15)]


def test_a_table_by_name(history: OpenCase) -> None:
    assert history.table("process").shape[0] == 5
    assert list(history.table("flow").columns) == ALL_TABLES["flow"].names
    assert history.table("command_event", out="arrow").num_rows == 5
    with pytest.raises(UsageFault, match="no table or relation"):
        history.table('process" --')


def test_relations_lists_all_that_can_be_asked(history: OpenCase) -> None:
    assert set(history.relations) >= {*ALL_TABLES, *all_relations(), "pool_name"}
    for name in history.relations:
        assert history.sql(f'select count(*) as n from "{name}"')["n"][0] >= 0


def test_what_is_shown_has_no_secret_and_cannot_act(history: OpenCase) -> None:
    shown = "\n".join(history.table("process")["command"])
    assert KEY not in shown
    assert "hunter2hunter2" not in shown
    assert "falcon" not in shown
    assert "\x1b" not in shown
    assert "a\\x1b[31mb" in shown


def test_unmasked_values_are_those_of_the_table(history: OpenCase) -> None:
    raw = "\n".join(history.table("process", masked=False)["command"])
    assert all(text in raw for text in (KEY, "hunter2hunter2", "falcon", "\x1b"))


@pytest.mark.parametrize(
    "made",
    [
        "[command]",
        "string_split(command, ' ')",
        "{'a': [command]}",
        "map {command: command}",
        "cast(command as blob)",
        "[cast(command as blob)]",
        "to_json(command)",
    ],
)
def test_masking_reaches_into_nested_values(history: OpenCase, made: str) -> None:
    sql = f"select {made} as made from process where record in (2, 3, 5)"
    for table in (history.sql(sql, out="arrow"), pa.Table.from_pandas(history.sql(sql))):
        shown = repr(table.to_pylist())
        assert not any(text in shown for text in (KEY, "hunter2hunter2", "falcon", "\x1b", "\\x1b[31m'"))
        assert "masked" in shown


def test_masking_reaches_names_of_columns_and_enumerations() -> None:
    table = pa.table({KEY: pa.array(["plain", KEY, None]).dictionary_encode()})
    assert shown_table(table).to_pydict() == {"[masked:api_key]": ["plain", "[masked:api_key]", None]}


def test_a_faulty_question_does_not_print_evidence(history: OpenCase) -> None:
    with pytest.raises(UsageFault) as caught:
        history.sql("select cast(command as integer) from process where record = 2")
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_frame_is_inert_as_html(history: OpenCase) -> None:
    page = history.sql("select command from process where record = 4")._repr_html_()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "mathjax_ignore" in page


@pytest.mark.parametrize(
    "sql",
    [
        "drop view process",
        "create table x as select 1",
        "insert into flow (record) values (1)",
        "copy (select 1) to '{root}/tables/process/x.parquet'",
        "select 1; drop view process",
        "set memory_limit = '1TB'",
        "attach '{root}/x.db'",
        "",
        "nonsense",
    ],
)
def test_only_questions_are_answered(history: OpenCase, root: Path, sql: str) -> None:
    before = sorted(root.rglob("*"))
    with pytest.raises(UsageFault):
        history.sql(sql.format(root=root))
    assert sorted(root.rglob("*")) == before


def test_nothing_outside_the_case_is_read(history: OpenCase, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    held = pa.table({"a": [1]})
    for sql in (f"select * from read_csv('{tmp_path}/x.csv')", "select * from '/etc/passwd'", "select * from held"):
        with pytest.raises(UsageFault):
            history.sql(sql)
    assert held.num_rows == 1


def test_a_case_without_analysis_says_so(history: OpenCase) -> None:
    assert history.timeline().empty
    with pytest.raises(UsageFault, match="not analysed"):
        _ = history.incident


def test_no_case_and_a_changed_case_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="no case"):
        open_case(tmp_path)
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/.bash_history").write_bytes(HISTORY)
    case = Case.create(tmp_path / "case")
    ingest(case, [tmp_path / "evidence"], Options(workers=1))
    part = Case.open(tmp_path / "case").tables()["process"][0]
    part.chmod(0o600)
    part.write_bytes(part.read_bytes() + b"x")
    with pytest.raises(CheckFailed, match="not what was sealed"):
        open_case(tmp_path / "case").table("process")


def test_the_incident_is_the_document(demo: OpenCase, small_demo: Path) -> None:
    assert demo.incident["verdict"]["state"] == "incident"
    with open_case(small_demo / "twin/case") as twin:
        assert twin.incident["incidents"] == []
        assert twin.timeline().empty


def test_the_timeline_is_in_order_and_every_row_leads_to_bytes(demo: OpenCase, small_demo: Path) -> None:
    timeline = demo.timeline()
    timed = timeline.dropna(subset="ts")
    assert len(timed) > 50
    assert timed["ts"].is_monotonic_increasing
    assert (timed["ts_earliest"] <= timed["ts"]).all()
    assert (timed["ts"] <= timed["ts_latest"]).all()
    assert {"constraint", "mining", "containment", "recovery"} <= set(timeline["stage"])
    case = Case.open(small_demo / "case")
    paths = dict(timeline.drop_duplicates("path")[["ref", "path"]].itertuples(index=False))
    for ref, path in paths.items():
        place = refs.find(case, refs.parse(ref))
        assert place.source["path"] == path
        assert b"".join(refs.pieces(case, place))
    assert demo.timeline(out="arrow").num_rows == len(timeline)


def test_a_case_is_left_as_it_was(small_demo: Path) -> None:
    case = small_demo / "case"
    before = {path: path.stat().st_mtime_ns for path in case.rglob("*")}
    with open_case(case) as opened:
        scratch = Path(opened._scratch.name)
        opened.timeline()
        assert scratch.is_dir()
    assert {path: path.stat().st_mtime_ns for path in case.rglob("*")} == before
    assert not scratch.exists()


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["ls", "-la"], ["ls", "-la"]),
        ([], []),
        (["tool", "--password", "hunter2hunter2"], ["tool", "--password", "[masked:password]"]),
        (["sshpass", "-p", "x9x9x9", "ssh", "host"], ["sshpass", "-p", "[masked:password]", "ssh", "host"]),
        (["curl", f"--header=X: {KEY}"], ["curl", "--header=X: [masked:api_key]"]),
        (["a", None, "falcon"], ["a", None, "[masked]"]),
    ],
)
def test_arguments_are_masked_as_one_line(arguments: list[str | None], shown: list[str | None]) -> None:
    assert masked_arguments(arguments, ["falcon"]) == shown
