"""The report on paper: a PDF by an installed Chromium, or a clear word that there is none."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from forensics import printing
from forensics.errors import UsageFault

PAGE = b"<!doctype html><title>A report</title><p>One <a href='https://nowhere.example/'>line</a>"


def script(folder: Path, text: str) -> str:
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_no_browser_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageFault, match=r"no Chromium is installed.*any browser"):
        printing.browser()
    script(tmp_path, "exit 0")
    assert printing.browser() == str(tmp_path / "chromium")


@pytest.mark.parametrize(
    ("text", "told"), [("exit 3", r"printed nothing \(exit code 3\)"), ("exit 0", "printed nothing")]
)
def test_a_browser_that_fails_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageFault, match=told):
        printing.printed(PAGE, script(tmp_path, text))


def test_a_browser_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "PATIENCE_S", 0.2)
    with pytest.raises(UsageFault, match="did not finish"):
        printing.printed(PAGE, script(tmp_path, "exec sleep 5"))


@pytest.mark.browser
def test_the_same_page_is_the_same_pdf(chromium: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(PAGE)
    printing.print_file(page, tmp_path / "one.pdf", chromium)
    time.sleep(1.1)  # a date of printing would tell
    assert (tmp_path / "one.pdf").read_bytes() == printing.printed(PAGE, chromium)
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF-")
