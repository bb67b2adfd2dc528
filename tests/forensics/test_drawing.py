"""Progress on a terminal, and masking of what is told."""

from __future__ import annotations

import io

from rich.console import Console

from forensics.drawing import Drawn
from forensics.masking import masked
from forensics.progress import SILENT


def test_bars_show_stage_amount_and_nothing_that_acts() -> None:
    drawn = Drawn()
    drawn._console = Console(file=io.StringIO(), force_terminal=True, width=100, markup=False)
    with drawn:
        drawn.advance(5)
        drawn.begin("reading \x1b]0;x\x07", 100, "bytes")
        drawn.advance(60)
        drawn.say("[red]relation[/red]")
        drawn.begin("nothing to do", 0)
        drawn.begin("relations", 3, "relations")
        drawn.advance(3)
    shown = drawn._console.file.getvalue()
    assert "reading \\x1b]0;x\\x07" in shown
    assert "60/100 bytes" in shown
    assert "[red]relation[/red]" in shown
    assert "3/3" in shown
    assert "\x1b]0;" not in shown


def test_silence_is_silent(capfd) -> None:
    with SILENT:
        SILENT.begin("x", 3)
        SILENT.advance()
        SILENT.say("y")
    assert capfd.readouterr() == ("", "")


def test_words_of_the_case_are_masked_besides_secrets() -> None:
    told = masked("token ghp_" + "a1B2" * 9 + " for blue-team and blue", ["blue", "blue-team", ""])
    assert "ghp_" not in told
    assert told.count("[masked]") == 2
    assert "blue" not in told
