"""Keys: which texts and executions come out the same, and which do not."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.dissect.commands import first_exec_keys, loose_exec_keys, loose_key, normalise, normalise_argv

SAME = {
    "./m -o p": [
        "./m   -o\tp",
        "  ./m -o p\n",
        "'./m' \"-o\" p",
        "./m -o p # start it",
        "bash -lc './m -o p'",
        "bash -c \"bash -lc './m -o p'\"",
        "/bin/sh -c './m -o p'",
        "cd /tmp && ./m -o p",
        "cd /tmp; cd x && ./m -o p",
        "sudo ./m -o p",
        "sudo -u root env A=1 nice -n 19 timeout 5 ./m -o p",
        "A=1 ./m -o p",
        "bash -lc 'cd /x && sudo nohup ./m -o p'",
        "./m \\\n  -o p",
        "exec -a name ./m -o p",
    ],
    "./m -o p >log 2>&1 &": ["nohup ./m -o p > log 2>&1 &", "cd x; ./m -o p >log   2>&1&", "> log 2>&1 ./m -o p &"],
    "a && b || c | d": ["a&&b||c|d", "cd x && a && b || c | d", "bash -c 'a && b || c | d'", "a &&\n b ||\n c |\n d"],
    "a ; b": ["a;b", "a\nb", "a;\n\nb;\n", "bash -lc $'a\\nb'", "a # x\nb"],
    "for i in 1 2 do ./m $i done": ["for i in 1 2; do ./m $i; done", "for i in 1 2\ndo\n  ./m $i\ndone"],
    "if a then b else c fi": ["if a; then b; else c; fi", "if a\nthen\n b\nelse\n c\nfi"],
    "{ a ; b } >log": ["{ a; b; } > log", "{\na\nb\n} >log"],
    "cat >f <<'x\n'": ["cat > f <<'EOF'\nx\nEOF", "cat > f <<E\nx\nE\n"],
    "": ["", "  \n", "# nothing"],
}


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in SAME.items() for text in texts])
def test_texts_of_one_command_have_one_key(key, text):
    assert normalise(text) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("./m -o p", "./m -o q"),
        ("a && b", "a || b"),
        ("a; b", "a && b"),
        ("a | b", "a; b"),
        ("echo '$A'", 'echo "$A"'),
        ("ls '*.py'", "ls *.py"),
        ("a 'b c'", "a b c"),
        ("cat <<E\nx\nE", "cat <<E\ny\nE"),
        ("./m > a", "./m > b"),
        ("sudo -l", "sudo -v"),
    ],
)
def test_texts_of_two_commands_have_two_keys(one, other):
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["bash", "-lc", "cd /x && ./m   -o p"], "./m -o p"),
        (["./m", "-o", "p"], "./m -o p"),
        (["sudo", "-u", "root", "./m", "a b"], "./m 'a b'"),
        (["ls", "*.py"], "ls '*.py'"),
        (["sh", "-c", "a | b > log"], "a|b >log"),
        (["env", "A=1", "./m"], "A=1 ./m"),
    ],
)
def test_execution_has_the_key_of_its_text(argv, text):
    assert normalise_argv(argv) == normalise(text)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8), max_size=5))
@settings(max_examples=200, deadline=None)
def test_key_of_an_argv_is_its_words_quoted(words):
    assert normalise_argv(["./m", *words]) == shlex.join(["./m", *words])


SIGNS = [
    "a",
    "b",
    ";",
    "&&",
    "|",
    "(",
    ")",
    "{",
    "}",
    "$x",
    "'",
    '"',
    "<<E\n",
    "E\n",
    ">",
    "f",
    "#",
    "\n",
    "bash -c 'x'",
]


@given(st.text(max_size=80) | st.lists(st.sampled_from(SIGNS), max_size=20).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_any_text_has_keys_and_always_the_same(text):
    assert normalise(text) == normalise(text)
    keys = first_exec_keys(text)
    assert keys == first_exec_keys(text)
    assert len(keys) == len(set(keys))
    assert loose_exec_keys(text) == loose_exec_keys(text)


def test_a_quotation_that_never_ends_keeps_its_last_character():
    assert normalise('0"\x80') == normalise('0"\x80')
    assert normalise('echo "ab') != normalise('echo "ac')


def test_long_text_is_keyed_by_its_hash():
    assert normalise("a" * 70_000).startswith("sha256:")
    assert normalise("a" * 70_000) != normalise("a" * 70_001)


def test_programs_inside_a_text():
    text = "cd /x && sudo nohup ./m -c c.json & wget -q http://h.example/a; echo done; bash -c 'chmod +x a; ./a *.log'"
    assert first_exec_keys(text) == [
        "./m -c c.json",
        "wget -q http://h.example/a",
        "chmod +x a ; ./a *.log",
        "chmod +x a",
    ]


def test_builtins_give_a_key_only_where_a_program_runs_them():
    assert first_exec_keys("echo a; cd b; export C=1; true") == []
    assert first_exec_keys("sudo echo a; cat f | xargs kill") == ["echo a", "cat f", "xargs kill", "kill"]


@pytest.mark.parametrize(
    ("typed", "executed"),
    [
        ("~/m/x.py -v", ["/usr/bin/python3", "/root/m/x.py", "-v"]),
        ("$HOME/m/x.py -v", ["/home/bob/m/x.py", "-v"]),
        ("python3 ~/m/x.py -v", ["python3", "/Users/bob/m/x.py", "-v"]),
        ("./run.sh", ["/bin/bash", "./run.sh"]),
        ("./m -c ~/c.json", ["./m", "-c", "/home/bob/c.json"]),
        ("./x.py", ["env", "python3", "./x.py"]),
    ],
)
def test_loose_key_sees_through_home_and_interpreter(typed, executed):
    assert loose_exec_keys(typed) == [loose_key(executed)]


def test_loose_key_leaves_out_what_the_shell_expands():
    assert loose_exec_keys("rm -f *.log $X a") == ["rm -f a"]
    assert loose_exec_keys("rm -f '*.log'") == ["rm -f '*.log'"]
    assert loose_key([]) == ""
