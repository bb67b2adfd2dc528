"""Which commands the shell would go on reading, judged against bash itself where it is at hand."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.shell.grammar import SURELY_COMPLETE, Unfinished

COMPLETE = [
    "",
    "ls -la",
    "echo 'a b' \"c d\" e\\ f",
    'echo "it\'s" \'say "x"\'',
    'echo "$(ls | wc -l)" `date`',
    "echo $((1 << 2)) ${x:-'y'} ${#x} $#",
    "a=(1 2 3); ((i++)); [[ a < b ]]",
    "for i in 1 2; do echo $i; done",
    "while read x; do echo $x; done < f",
    "if a; then b; elif c; then d; else e; fi",
    "case $x in a) b;; (c) d;; esac",
    "{ echo a; echo b; }",
    "f() { echo a; }",
    "function f { echo a; }",
    "find . -exec rm {} \\;",
    "{ xargs -I{} echo {}; }",
    "cat <<<word",
    "cat <<<'a word'",
    "cat <<EOF\nbody 'open\nEOF",
    "cat <<-'E F'\n\tbody\n\tE F",
    'cat <<"A" <<\\B\n1\nA\n2\nB',
    "cat <<EOF | tr a b && echo 'x\ny'\nb\nEOF",
    "echo a \\\n b",
    "echo a |\ncat",
    "a &&\nb",
    "echo a # don't",
    "# it's",
    "echo a#'b'",
    "echo $'it\\'s'",
    "grep -r for . ; echo if",
    "diff <(ls a) <(ls b)",
    "for i in 1 2\ndo\necho $i\ndone",
    'echo "${x:-"y"}" "a\nb"',
    "echo hi &",
    "nohup x >/dev/null 2>&1 &",
    "echo done; echo fi",
    "! grep x y",
]

OPEN = [
    "echo 'a",
    'echo "a',
    "echo don't",
    "echo `ls",
    "echo $(ls",
    "echo $((1 +",
    "echo ${x",
    "echo a \\",
    "echo a |",
    "echo a &&",
    "echo a ||",
    "for i in 1 2",
    "for i in 1 2\ndo echo $i",
    "while true",
    "if a; then b",
    "case x in",
    "case x in\na) b;;",
    "{ echo a",
    "f() {",
    "function f {",
    "( echo a",
    "cat <<EOF",
    "cat <<EOF\nbody\n EOF",
    "cat <<-EOF\n\tbody\n  EOF",
    "echo a; cat <<'E'\nE x",
    "echo $'it\\'s",
    "x=$(cat <<EOF\nbody\nEOF",
    'echo "$(echo "a")',
    "diff <(ls a",
]


def _open(text: str) -> bool:
    state = Unfinished()
    for line in text.encode().split(b"\n"):
        state.feed(line)
    return state.open


@pytest.mark.parametrize("text", COMPLETE)
def test_complete(text):
    assert not _open(text)


@pytest.mark.parametrize("text", OPEN)
def test_open(text):
    assert _open(text)
    assert not SURELY_COMPLETE.fullmatch(text.split("\n")[0].encode())


@pytest.mark.parametrize("text", [text for text in COMPLETE + OPEN if "\n" not in text])
def test_the_quick_look_never_calls_an_open_line_complete(text):
    assert not (SURELY_COMPLETE.fullmatch(text.encode()) and _open(text))


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
@pytest.mark.parametrize("text", COMPLETE + OPEN)
def test_bash_sees_it_the_same_way(text):
    # -n reads and runs nothing
    result = subprocess.run(["bash", "-n"], input=text.encode() + b"\n", capture_output=True, check=False, timeout=20)
    unfinished = b"unexpected end of file" in result.stderr or b"unexpected EOF" in result.stderr
    warned = b"here-document" in result.stderr and b"delimited by end-of-file" in result.stderr
    # a trailing backslash is joined with nothing at the end of a script; an interactive shell waits for more
    assert (unfinished or warned or text.endswith("\\")) == _open(text)


PIECES = st.sampled_from(
    ["echo a", "'", '"', "`", "\\", "$(", ")", "(", "{", "}", "${", "<<E", "E", "\n", " ", ";", "|", "&", "#", "if",
     "fi", "for", "do", "done", "case", "esac", "$'", "<<<", "((", "))", "x"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=60))
def test_any_text_is_followed_and_a_complete_line_never_closes_by_luck(pieces):
    text = "".join(pieces).encode()
    state = Unfinished()
    for line in text.split(b"\n"):
        state.feed(line)
        twin = state.copy()
        assert twin.open == state.open
    for line in text.split(b"\n"):
        alone = Unfinished()
        alone.feed(line)
        assert not (SURELY_COMPLETE.fullmatch(line) and alone.open)


@pytest.mark.parametrize(
    "line",
    [
        b"'" * 400_001,
        b"(" * 400_000,
        b"| " * 200_000,
        b"\\" * 400_001,
        b'"$(' * 100_000,
        b"{ " * 200_000,
        b"<<a" * 100_000,
        b"a" * 1_000_000,
        b"$" * 400_000,
        b"`'" * 200_000,
        b" #" * 200_000,
    ],
    ids=lambda line: line[:6].decode(),
)
def test_hostile_lines_take_linear_time(line):
    begin = time.monotonic()
    SURELY_COMPLETE.fullmatch(line)
    Unfinished().feed(line)
    assert time.monotonic() - begin < 5
