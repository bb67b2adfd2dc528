"""Keys by which a command as typed and the executions it caused are found to be the same.

Good for: joining a tool call's text, a shell's history line and the `exec` of its harness (`normalise`,
`normalise_argv`); joining a typed text with the executions of the programs inside it (`first_exec_keys` against
`normalise_argv` of each exec). Equal keys within a corrected time window, with the number of rivals, are a link; equal
keys alone are not.

Not good for: telling two commands apart (directory, user, environment and wrappers are dropped on purpose), and
showing (a key may be cut and requoted). A shell expands `~`, `$HOME`, globs and variables before it executes, so a
typed command that has any of these has no strict key of its own: `loose_exec_keys` leaves them out on both sides and
matches more than it should. Builtins (`cd`, `echo`) are never executed and give no key.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from tree_sitter import Node

from parsers.dissect import stages, wrappers
from parsers.dissect.scope import Scope, Simple
from parsers.dissect.stages import Stage
from parsers.dissect.syntax import parse
from parsers.dissect.walk import TEXT_BYTES, walk
from parsers.dissect.words import Reader, Word
from parsers.text import storable

HARNESS_LAYERS = 16

_STRIPPED = frozenset(
    {"sudo", "doas", "env", "nohup", "nice", "ionice", "timeout", "setsid", "stdbuf", "time", "command", "exec"}
)
_BUILTINS = frozenset(
    {
        ".",
        ":",
        "[",
        "alias",
        "bg",
        "bind",
        "break",
        "builtin",
        "cd",
        "continue",
        "declare",
        "dirs",
        "disown",
        "echo",
        "enable",
        "eval",
        "exec",
        "exit",
        "export",
        "false",
        "fc",
        "fg",
        "getopts",
        "hash",
        "help",
        "history",
        "jobs",
        "kill",
        "let",
        "local",
        "logout",
        "mapfile",
        "popd",
        "printf",
        "pushd",
        "pwd",
        "read",
        "readarray",
        "readonly",
        "return",
        "set",
        "shift",
        "shopt",
        "source",
        "suspend",
        "test",
        "times",
        "trap",
        "true",
        "type",
        "typeset",
        "ulimit",
        "umask",
        "unalias",
        "unset",
        "wait",
    }
)
_SIMPLE = frozenset({"command", "declaration_command", "unset_command", "variable_assignment", "variable_assignments"})
_WORDS = frozenset({"string", "raw_string", "ansi_c_string", "concatenation", "translated_string", "word", "number"})
_VERBATIM = frozenset({"test_command", "command_substitution", "process_substitution", "expansion", "simple_expansion"})
_OPENERS = frozenset({"do", "then", "else", "{", "(", ";", "&", "in", ";;"})
_CLOSERS = frozenset({"done", "fi", "esac", "}", ")", "else", "elif", "then", "do", ";", ";;", "&"})
_DYNAMIC = re.compile(r"[$*?`]")
_HOME = re.compile(r"^(?:~|\$HOME|\$\{HOME\}|/root|/home/[^/]+|/Users/[^/]+)(?:/|$)")


class _Token(NamedTuple):
    text: str
    start: int


def normalise(text: str) -> str:
    """Return the comparable key of a command text.

    Harness wrappers (`bash -lc '..'`), leading `cd DIR &&`, `sudo`, `env`, `nohup` and their kin are stripped where
    they wrap the whole text; blanks, line ends and quoting are made canonical, comments dropped. A text over 64 KiB is
    keyed by its hash.
    """
    source = storable(text)[0].encode()
    for _ in range(HARNESS_LAYERS):
        if len(source) > TEXT_BYTES:
            return f"sha256:{hashlib.sha256(source).hexdigest()}"
        scope = Scope(parse(source), None, {}, set())
        begin, single = _essence(scope)
        if single is None:
            return _rendered(scope, begin)
        key, payload = _unwrapped(scope, single)
        if payload is None:
            return key
        source = payload.encode()
    return source.decode()


def normalise_argv(argv: Sequence[str]) -> str:
    """Return the key of an execution: equal to `normalise` of the text that causes it."""
    return normalise(shlex.join(argv))


def first_exec_keys(text: str) -> list[str]:
    """Return the key of each program that a text executes, once, in order of appearance.

    Commands with words that the shell would expand are left out: their execution has other words.
    """
    keys: dict[str, None] = {}
    for part in walk(text):
        if part.executable and "dynamic" not in part.notes and not _builtin(part.executable, part.via):
            keys[_argv_key(part.executable, part.argv)] = None
    return list(keys)


def loose_exec_keys(text: str) -> list[str]:
    """Return the loose key of each program that a text executes, once, in order of appearance."""
    keys: dict[str, None] = {}
    for part in walk(text):
        if part.executable and not _builtin(part.executable, part.via):
            dynamic = "dynamic" in part.notes
            keys[loose_key([word for word in part.argv if not (dynamic and _expanded_by_shell(word))])] = None
    return list(keys)


def loose_key(argv: Sequence[str]) -> str:
    """Return base name and arguments with the home directory removed; a script's interpreter is left out.

    `~/m/x.py -v`, `python3 /root/m/x.py -v` and `$HOME/m/x.py -v` have one loose key: `x.py -v`.
    """
    words = [_HOME.sub("", word) for word in argv]
    while len(words) > 1 and _interprets(wrappers.base_name(words[0])) and not words[1].startswith("-"):
        words = words[1:]
    if not words:
        return ""
    return shlex.join([wrappers.base_name(words[0]) or words[0], *words[1:]])


def _interprets(name: str) -> bool:
    return name in wrappers.SHELLS or name == "env" or wrappers.language(name) is not None


def _expanded_by_shell(word: str) -> bool:
    return _HOME.match(word) is None and _DYNAMIC.search(word) is not None


def _builtin(name: str, via: str) -> bool:
    """A builtin behind `sudo`, `xargs` and the like is the program of that name."""
    return name in _BUILTINS and via not in _STRIPPED and via not in {"xargs", "find_exec", "container_exec"}


def _argv_key(name: str, argv: tuple[str, ...]) -> str:
    if wrappers.carries(name):
        return normalise_argv(argv)
    return shlex.join(argv)


def _essence(scope: Scope) -> tuple[int, Stage | None]:
    """Skip leading `cd`; return where the rest begins, and its one command if it is no more than that."""
    rest: list[Stage] = []
    skipping = True
    for statement in (child for root in scope.syntax.roots for child in root.named_children):
        if statement.type == "comment":
            continue
        for pipeline in stages.pipelines(statement):
            only = pipeline.stages[0] if len(pipeline.stages) == 1 else None
            if skipping and only and pipeline.joiner != "or" and _changes_directory(only, scope):
                continue
            skipping = False
            rest.extend(pipeline.stages)
    if not rest:
        return 0, None
    return rest[0].node.start_byte, rest[0] if len(rest) == 1 and rest[0].node.type == "command" else None


def _changes_directory(stage: Stage, scope: Scope) -> bool:
    name = stage.node.child_by_field_name("name") if stage.node.type == "command" else None
    return name is not None and scope.text(name.start_byte, name.end_byte) == "cd"


def _unwrapped(scope: Scope, stage: Stage) -> tuple[str, str | None]:
    """Strip what wraps a single command; the second value is the text of a `sh -c`, to be gone on with."""
    simple = scope.simple(stage)
    words = simple.words
    for _ in range(HARNESS_LAYERS):
        if not words:
            break
        name = wrappers.base_name(words[0].text)
        inner = wrappers.unwrap(name, words)
        if len(inner) != 1:
            break
        if inner[0].via == "sh_c" and len(inner[0].words) == 1:
            return "", " ".join([inner[0].words[0].text, *_redirects(simple)])
        if name not in _STRIPPED or inner[0].kind != "argv":
            break
        words = inner[0].words
    tail = scope.text(stage.node.end_byte, len(scope.source)).strip(" \t\n;")
    background = ["&"] if tail.endswith("&") and not tail.endswith(("&&", ">&")) else []
    return " ".join([*map(_quoted, words), *_redirects(simple), *background]), None


def _redirects(simple: Simple) -> list[str]:
    """Write redirects with their targets quoted; a here-document with its body."""
    shown = [entry for entry in simple.redirect_in if not entry.startswith("<<")]
    shown += [entry for entry in simple.redirect_out if entry not in shown]
    if simple.stdin is not None:
        shown.append(f"<<{shlex.quote(simple.stdin.data.decode('utf-8', 'backslashreplace'))}")
    return shown


def _quoted(word: Word) -> str:
    return shlex.quote(word.text) if word.literal else word.text


def _rendered(scope: Scope, begin: int) -> str:
    """Write the syntax from `begin` on with one blank between tokens and `;` for line ends."""
    tokens = [token for token in _tokens(scope) if token.start >= begin]
    out: list[str] = []
    for number, token in enumerate(tokens):
        if token.text == ";":
            behind = tokens[number + 1].text if number + 1 < len(tokens) else ";"
            if not out or out[-1] in _OPENERS or behind in _CLOSERS:
                continue
        out.append(token.text)
    return " ".join(out)


def _tokens(scope: Scope) -> list[_Token]:
    reader = Reader(scope.source, {})
    found: list[_Token] = []
    waiting: list[tuple[Node, bool]] = [(root, False) for root in reversed(scope.syntax.roots)]
    while waiting:
        node, separated = waiting.pop()
        kind, start = node.type, node.start_byte
        if separated:
            found.append(_Token(";", start))
        if kind == "comment":
            continue
        if kind in _SIMPLE:
            found.extend(_simple_tokens(scope, Stage(node, ())))
        elif kind == "redirected_statement":
            waiting.extend(_redirected_parts(scope, node, found))
        elif kind == "file_redirect":
            found.append(_Token("".join(scope.text(start, node.end_byte).split()), start))
        elif kind in _WORDS:
            found.extend(_Token(_quoted(word), word.start) for word in reader.words([node]))
        elif kind in _VERBATIM or node.child_count == 0:
            text = " ".join(scope.text(start, node.end_byte).split()) or ";"
            found.append(_Token(text, start))
        else:
            waiting.extend(reversed(_separated(node)))
    return found


def _redirected_parts(scope: Scope, node: Node, found: list[_Token]) -> list[tuple[Node, bool]]:
    """A command's redirects are written behind its words; those of a group stay where they are."""
    body = node.child_by_field_name("body")
    redirects = tuple(child for child in node.children if child.type in stages.REDIRECTS)
    if body is None or body.type in _SIMPLE:
        found.extend(_simple_tokens(scope, Stage(body, redirects) if body else Stage(node, ())))
        return []
    return [(child, False) for child in reversed(node.children)]


def _separated(node: Node) -> list[tuple[Node, bool]]:
    """Return the children, with a mark where two statements stand on two lines without a sign between them."""
    parts: list[tuple[Node, bool]] = []
    before_named = False
    many = node.type in {"program", "do_group", "compound_statement", "subshell", "if_statement", "else_clause"}
    for child in node.children:
        parts.append((child, many and before_named and child.is_named))
        before_named = child.is_named and child.type != "comment"
    return parts


def _simple_tokens(scope: Scope, stage: Stage) -> list[_Token]:
    simple = scope.simple(stage)
    texts = [] if simple.declares else [item.source for item in simple.assignments]
    texts += [_quoted(word) for word in simple.words]
    texts += _redirects(simple)
    return [_Token(text, simple.start) for text in texts]
