"""Runs in a peer's own environment: reads files as its users would, and says what came of each.

    python -I peer_readers.py READER < files.json > answers.jsonl

`files.json` is a list of {file, format}; an answer is {file, given, fault, told, warned, replaced}: rows given, the
exception's name, rows that the peer itself counts as left out, whether it warns of the file, rows in which bytes were
replaced by U+FFFD. Standard library and the
peer, nothing else.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

REPLACEMENT = "\ufffd"
ACCOUNT = "someone:x:1000:1000::/home/someone:/bin/bash\n"
# where each reader looks for a format
DISSECT = {
    "bash_history": ("home/someone/.bash_history", "commandhistory"),
    "zsh_history": ("home/someone/.zsh_history", "commandhistory"),
    "fish_history": ("home/someone/.local/share/fish/fish_history", "commandhistory"),
    "auditd": ("var/log/audit/audit.log", "audit"),
    "syslog": ("var/log/messages", "messages"),
}
PLASO = {
    "bash_history": (".bash_history", "text/bash_history"),
    "zsh_history": (".zsh_history", "text/zsh_extended_history"),
    "fish_history": ("fish_history", "fish_history"),
    "auditd": ("audit.log", "text/selinux"),
    "syslog": ("syslog", "text/syslog,text/syslog_traditional"),
    "cloudtrail": ("cloudtrail.jsonl", "jsonl/aws_cloudtrail_log"),
}
Answer = dict[str, Any]


def _each(files: list[dict[str, str]], read: Callable[[Path, str, Answer], Iterable[Any]]) -> Iterator[Answer]:
    """One file after the other; what was given before an exception counts."""
    for asked in files:
        answer: Answer = {"file": asked["file"], "given": 0, "fault": None, "told": 0, "warned": False}
        answer["replaced"] = 0
        try:
            for row in read(Path(asked["file"]), asked["format"], answer):
                answer["given"] += 1
                answer["replaced"] += REPLACEMENT in str(row)
        except BaseException as fault:  # noqa: BLE001  # whatever a peer does is what is measured
            answer["fault"] = type(fault).__name__
        yield answer


def zat_reader(files: list[dict[str, str]]) -> Iterator[Answer]:
    """ZeekLogReader, row by row."""
    from zat.zeek_log_reader import ZeekLogReader

    return _each(files, lambda path, *_: ZeekLogReader(str(path)).readrows())


def zat_dataframe(files: list[dict[str, str]]) -> Iterator[Answer]:
    """LogToDataFrame, as a whole."""
    from zat.log_to_dataframe import LogToDataFrame

    def read(path: Path, _: str, __: Answer) -> Iterable[Any]:
        return LogToDataFrame().create_dataframe(str(path)).itertuples()

    return _each(files, read)


def flowlogs(files: list[dict[str, str]]) -> Iterator[Answer]:
    """S3FlowLogsReader over a store of one file, compressed as the service does; lines without a header are events."""
    import gzip
    import io

    from flowlogs_reader import FlowRecord, S3FlowLogsReader

    class Store:
        def __init__(self, path: Path) -> None:
            self.data = gzip.compress(path.read_bytes())

        def get_object(self, **_: str) -> dict[str, Any]:
            return {"Body": io.BytesIO(self.data), "ContentLength": len(self.data)}

    class OneFile(S3FlowLogsReader):
        def _get_all_keys(self) -> list[str]:
            return ["flows.log.gz"]

    def read(path: Path, _: str, answer: Answer) -> Iterable[Any]:
        lines = path.read_text().splitlines()
        if not lines[0].startswith(("version", "account")):
            for line in lines:
                try:
                    yield FlowRecord.from_cwl_event({"message": line}).to_dict()
                except Exception:  # noqa: BLE001  # its reader goes on too, and counts
                    answer["told"] += 1
            return
        reader = OneFile("bucket", boto_client=Store(path))
        yield from (record.to_dict() for record in reader)
        answer["told"] = reader.skipped_records

    return _each(files, read)


def inspect_ai(files: list[dict[str, str]]) -> Iterator[Answer]:
    """read_eval_log: the samples of a log."""
    from inspect_ai.log import read_eval_log

    return _each(files, lambda path, *_: read_eval_log(str(path)).samples or ())


def dissect(files: list[dict[str, str]]) -> Iterator[Answer]:
    """The file where a Unix system keeps it, asked by its function."""
    from dissect.target import Target

    def read(path: Path, form: str, _: Answer) -> Iterable[Any]:
        place, function = DISSECT[form]
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name in ("etc", "opt", "var/log"):
                (root / name).mkdir(parents=True)
            (root / "etc/passwd").write_text(ACCOUNT)
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, root / place)
            yield from getattr(Target.open(root), function)()

    return _each(files, read)


def plaso(files: list[dict[str, str]]) -> Iterator[Answer]:
    """log2timeline with the format's own parser over all files of a format, then psort."""
    commands = Path(sys.executable).parent
    quiet = ("--quiet", "--unattended", "--status_view", "none")
    for form in sorted({asked["format"] for asked in files}):
        name, parser = PLASO[form]
        chosen = [asked["file"] for asked in files if asked["format"] == form]
        with tempfile.TemporaryDirectory() as folder:
            for number, file in enumerate(chosen):
                home = Path(folder, "in", f"{number:05}")
                home.mkdir(parents=True)
                shutil.copyfile(file, home / name)

            def run(command: str, *arguments: str, folder: str = folder) -> str:
                called = [commands / command, *arguments]
                told = subprocess.run(called, check=False, cwd=folder, capture_output=True, text=True)
                return told.stdout if told.returncode == 0 else ""

            run("log2timeline", *quiet, "--single_process", "--parsers", parser, "--storage_file", "out.plaso", "in")
            run("psort", *quiet, "-o", "json_line", "-w", "out.jsonl", "out.plaso")
            warned = "".join(run("pinfo", "--sections", "warnings", "--verbose", "out.plaso").split())
            written = Path(folder, "out.jsonl")
            given: Counter[str] = Counter()
            replaced: Counter[str] = Counter()
            for line in written.read_text("utf-8").splitlines() if written.exists() else ():
                event = json.loads(line)
                number = Path(event["pathspec"]["location"]).parent.name
                given[number] += 1
                replaced[number] += REPLACEMENT in json.dumps(event, ensure_ascii=False)
            for number, file in enumerate(chosen):
                key = f"{number:05}"
                fault = None if written.exists() else "nothing was written"
                answer = {"file": file, "given": given[key], "fault": fault, "told": 0, "replaced": replaced[key]}
                yield answer | {"warned": f"/in/{key}/" in warned}


READERS: dict[str, Callable[[list[dict[str, str]]], Iterator[Answer]]] = {
    "zat_reader": zat_reader,
    "zat_dataframe": zat_dataframe,
    "flowlogs": flowlogs,
    "inspect_ai": inspect_ai,
    "dissect": dissect,
    "plaso": plaso,
}


def main() -> None:
    """Answer on the first standard output; what a peer prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    logging.disable(logging.CRITICAL)
    for answer in READERS[sys.argv[1]](json.load(sys.stdin)):
        answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
