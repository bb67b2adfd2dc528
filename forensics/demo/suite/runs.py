"""What processes a shell command makes: enough of the shell for the commands of made worlds."""

from __future__ import annotations

import shlex

from forensics.demo.suite.deeds import Run

_BUILTINS = frozenset({
    "cd", "echo", "export", "set", "unset", "history", "source", ".", "true", "read", "alias", "exit", "umask", "wait",
    "test", "printf", "pwd", "exec", "eval", "[", "type",
})  # fmt: skip
_WRAPPERS = {"nohup": 1, "setsid": 1, "nice": 3, "env": 1, "sudo": 1, "stdbuf": 2, "timeout": 2}
_KEYWORDS = frozenset({"if", "then", "else", "fi", "for", "while", "do", "done", "in", "case", "esac", "{", "}", "!"})
_OPERATORS = set("();<>|&")


def runs_of(command: str, home: str, first_pid: int, sockets: tuple[tuple[str, int], ...] = ()) -> tuple[Run, ...]:
    """Return the executions of `command` in order; `sockets` go to the last program that is no reader of a pipe.

    Wrappers such as nohup are an execution of their own, under the pid of what they start. Process ids count up from
    `first_pid`.
    """
    found: list[Run] = []
    main = -1
    pid = first_pid
    piped = False
    for words, after_pipe in _simple_commands(command):
        argv = tuple(word.replace("~/", f"{home}/", 1) if word.startswith("~/") else word for word in words)
        while argv and "=" in argv[0] and not argv[0].startswith(("-", "/", ".", "=")):
            argv = argv[1:]
        if not argv or argv[0] in _BUILTINS or argv[0] in _KEYWORDS:
            continue
        while argv:
            found.append(Run(argv, 30_000 + 4_000 * len(found), pid=pid))
            skip = _WRAPPERS.get(argv[0], 0)
            if not skip or len(argv) <= skip:
                break
            argv = argv[skip:]
            while argv and "=" in argv[0]:
                argv = argv[1:]
        pid += 1
        if not after_pipe:
            main = len(found) - 1
        piped = piped or after_pipe
    if sockets and main >= 0:
        run = found[main]
        found[main] = Run(run.argv, run.after_us, sockets, run.pid, run.parent, run.executable)
    return tuple(found)


def _simple_commands(command: str) -> list[tuple[list[str], bool]]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands: list[tuple[list[str], bool]] = []
    words: list[str] = []
    piped = skip = False
    for word in lexer:
        if skip:
            skip = False
            continue
        if word and set(word) <= _OPERATORS:
            if word[0] in "<>" or word in {"&>", "&>>"}:
                skip = True
                if words and words[-1] in {"0", "1", "2"}:
                    words.pop()
                continue
            if words:
                commands.append((words, piped))
            words, piped = [], word == "|"
            continue
        words.append(word)
    if words:
        commands.append((words, piped))
    return commands
