"""Commands that carry commands: which of their words make up the one inside, and how it is reached.

The options that take a value stand in `parsers.dissect.options`, from the programs' manual pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from parsers.dissect.options import (
    CONTAINER_EXEC,
    CONTAINER_GLOBAL,
    CONTAINER_RUN,
    FLOCK,
    PARALLEL,
    PLAIN,
    RUNNERS,
    SCREEN,
    SSH,
    TMUX,
    TMUX_KEYS,
    TMUX_START,
    Plain,
)
from parsers.dissect.windows import STARTERS, TEXTS, started
from parsers.dissect.words import Word

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "rbash", "mksh"})
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")


class Inner(NamedTuple):
    """What a wrapper carries.

    `kind` is argv (words are the command), shell (words joined by blanks are a shell text) or code (a program text of
    another language). `same_shell` texts see and set the variables of the carrying one.
    """

    via: str
    words: list[Word]
    kind: str = "argv"
    environment: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    same_shell: bool = False


_BATCH = ("sbatch", "qsub", "bsub")
_JOB_SCRIPT = re.compile(r"\.(sh|bash|sbatch|slurm|pbs|sge|lsf|job|py)$")
_KUBECTL_VERBS = frozenset({"exec", "run", "debug"})
_FIND_ACTIONS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_TMUX_STARTERS = frozenset(
    {
        "new",
        "new-session",
        "neww",
        "new-window",
        "splitw",
        "split-window",
        "respawn-pane",
        "respawnp",
        "respawn-window",
        "respawnw",
        "popup",
        "display-popup",
        "run",
        "run-shell",
        "if-shell",
        "pipe-pane",
        "pipep",
    }
)
_KEY_NAMES = frozenset(
    {"Enter", "C-m", "KPEnter", "Escape", "Space", "Tab", "C-c", "C-d", "C-j", "C-z", "C-l", "Up", "Down"}
)
_CODE_OPTIONS = {
    "python": "c",
    "pypy": "c",
    "perl": "eE",
    "ruby": "e",
    "node": "ep",
    "nodejs": "ep",
    "php": "r",
    "lua": "e",
}
_VERSIONED = re.compile(r"(python|pypy|perl|ruby|lua|php|node)\d[\d.]*(?:\.exe)?")


def base_name(path: str) -> str:
    """Return the last component of a path."""
    last = path.rsplit("/", 1)[-1]
    return last.rsplit("\\", 1)[-1] if last.lower().endswith((".exe", ".cmd", ".bat", ".ps1")) else last


def unwrap(name: str, words: list[Word]) -> list[Inner]:
    """Return what the command `words` carries; `name` is its base name. Most commands carry nothing."""
    special = _SPECIAL.get(name)
    if special:
        return special(words)
    plain = PLAIN.get(name)
    if plain:
        return _unwrap_plain(plain, name, words)
    return _windows(words, name) or _code(words, name)


def carries(name: str) -> bool:
    """Tell whether a command of this base name may carry another one."""
    return name in _SPECIAL or name in PLAIN or language(name) is not None or _plain_name(name) in TEXTS


def language(name: str) -> str | None:
    """Name the interpreter family of a program (`python3.11` is python), None if it is none."""
    if name in _CODE_OPTIONS:
        return "node" if name == "nodejs" else name
    match = _VERSIONED.fullmatch(name)
    return match[1] if match else None


def reads_program(name: str, words: list[Word]) -> str | None:
    """Tell what a command would do with its standard input: run it as shell, code or cron (a crontab), or None."""
    operands = words[1:]
    if name in SHELLS:
        at, flags = _shell_options(words)
        if "c" in flags:
            return None
        free = at >= len(words) or words[at].text in {"-", "/dev/stdin", "/proc/self/fd/0"}
        return "shell" if free or "s" in flags else None
    if name in {"source", "."}:
        return "shell" if operands and operands[0].text in {"/dev/stdin", "/proc/self/fd/0"} else None
    if name in {"at", "batch"}:
        return None if any(word.text in {"-f", "-l", "-r", "-c", "-d"} for word in operands) else "shell"
    if name in _BATCH:
        return None if any(_JOB_SCRIPT.search(word.text) for word in operands) or _batch(words) else "shell"
    if name == "crontab":
        return "cron" if any(word.text in {"-", "/dev/stdin"} for word in operands) else None
    if name == "ssh":
        at = _command_at(SSH, words)[0]
        return "shell" if at == len(words) - 1 else None
    if language(name):
        first = next((word.text for word in operands if word.text == "-" or not word.text.startswith("-")), "-")
        takes_code = any(word.text in {"-c", "-m", "-e"} for word in operands)
        return "code" if first in {"-", "/dev/stdin"} and not takes_code else None
    return None


@cache
def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _command_at(plain: Plain, words: list[Word], at: int = 1) -> tuple[int, tuple[str, ...]]:
    """Skip options, values, assignments and operands; return where the command begins and the assignments."""
    long_options = _names(plain.long)
    environment: list[str] = []
    while at < len(words):
        text = words[at].text
        if text == "--":
            at += 1
            break
        if text.startswith("--"):
            at += 2 if "=" not in text and text[2:] in long_options else 1
        elif text.startswith("-") and len(text) > 1:
            at += 2 if _value_is_next(text, plain.short) else 1
        elif plain.assignments and _ASSIGNMENT.match(text):
            environment.append(text)
            at += 1
        else:
            break
    at += plain.operands
    if plain.operands and at < len(words) and words[at].text == "--":
        at += 1
    return at, tuple(environment)


def _has_letter(text: str, letters: str) -> bool:
    return text.startswith("-") and not text.startswith("--") and any(letter in text for letter in letters)


def _value_is_next(cluster: str, short: str) -> bool:
    for number, letter in enumerate(cluster[1:], 2):
        if letter in short:
            return number == len(cluster)
    return False


def _unwrap_plain(plain: Plain, name: str, words: list[Word]) -> list[Inner]:
    at, environment = _command_at(plain, words)
    rest = words[at:]
    if not rest or (plain.idle and any(_has_letter(word.text, plain.idle) for word in words[1:at])):
        return []
    kind = "shell" if plain.joined and not any(word.text in {"-x", "--exec"} for word in words[1:at]) else "argv"
    return [Inner(plain.via or name, rest, kind, environment)]


def _sudo(words: list[Word]) -> list[Inner]:
    inner = _unwrap_plain(PLAIN["sudo"], "sudo", words)
    edits = any(word.text in {"-e", "-l", "-v", "--edit", "--list", "--validate"} for word in words[1:2])
    return [] if edits else inner


def _env(words: list[Word]) -> list[Inner]:
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        text = words[at].text
        if text == "--split-string" or (text.endswith("S") and not text.startswith("--")):
            return [Inner("env", words[at + 1 :], "shell")] if at + 1 < len(words) else []
        if text.startswith(("-S", "--split-string=")):
            cut = text[2:] if text.startswith("-S") else text.partition("=")[2]
            return [Inner("env", [words[at]._replace(text=cut, inner=None), *words[at + 1 :]], "shell")]
        at += 2 if _value_is_next(text, "uC") or text in {"--unset", "--chdir"} else 1
    return _unwrap_plain(PLAIN["env"], "env", words)


def _exec(words: list[Word]) -> list[Inner]:
    renamed = any(_value_is_next(word.text, "a") for word in words[1:3] if word.text.startswith("-"))
    return [
        inner._replace(notes=("renamed",) if renamed else ()) for inner in _unwrap_plain(PLAIN["exec"], "exec", words)
    ]


def _command(words: list[Word]) -> list[Inner]:
    asks = any(word.text in {"-v", "-V"} for word in words[1:2])
    return [] if asks else _unwrap_plain(PLAIN["command"], "command", words)


def _shell_options(words: list[Word]) -> tuple[int, str]:
    """Return where a shell's operands begin, and its one-letter options."""
    at, flags = 1, ""
    while at < len(words):
        text = words[at].text
        if text == "--":
            return at + 1, flags
        if text.startswith("--"):
            at += 2 if text in {"--rcfile", "--init-file"} else 1
        elif len(text) > 1 and text[0] in "-+":
            flags += text[1:] if text[0] == "-" else ""
            at += 2 if text[-1] in "oO" else 1
        else:
            break
    return at, flags


def _shell(words: list[Word]) -> list[Inner]:
    at, flags = _shell_options(words)
    return [Inner("sh_c", words[at : at + 1], "shell")] if "c" in flags and at < len(words) else []


def _su(words: list[Word]) -> list[Inner]:
    for number, word in enumerate(words[1:], 1):
        if word.text in {"-c", "--command"} or (word.text.startswith("-") and word.text.endswith("c") and number):
            return [Inner("su", words[number + 1 : number + 2], "shell")] if number + 1 < len(words) else []
        if word.text.startswith("--command="):
            text = word.text.partition("=")[2]
            return [Inner("su", [word._replace(text=text, inner=None)], "shell")]
        if word.text == "--" and base_name(words[0].text) == "runuser":
            return [Inner("su", words[number + 1 :])]
    return []


def _eval(words: list[Word]) -> list[Inner]:
    return [Inner("eval", words[1:], "shell", same_shell=True)] if len(words) > 1 else []


def _trap(words: list[Word]) -> list[Inner]:
    if len(words) < 3 or words[1].text in {"", "-", "-l", "-p"}:
        return []
    return [Inner("trap", words[1:2], "shell", same_shell=True)]


def _find(words: list[Word]) -> list[Inner]:
    found = []
    at = 1
    while at < len(words):
        if words[at].text not in _FIND_ACTIONS:
            at += 1
            continue
        end = next((number for number in range(at + 1, len(words)) if words[number].text in {";", "+"}), len(words))
        if end > at + 1:
            found.append(Inner("find_exec", words[at + 1 : end]))
        at = end + 1
    return found


def _parallel(words: list[Word]) -> list[Inner]:
    at, _ = _command_at(PARALLEL, words)
    end = next((number for number in range(at, len(words)) if words[number].text.startswith(":::")), len(words))
    return [Inner("parallel", words[at:end], "shell")] if end > at else []


def _ssh(words: list[Word]) -> list[Inner]:
    at, _ = _command_at(SSH, words)
    # options may follow the host as well
    at, _ = _command_at(SSH, words, at + 1)
    return [Inner("ssh", words[at:], "shell")] if at < len(words) else []


def _container(words: list[Word]) -> list[Inner]:
    at, _ = _command_at(CONTAINER_GLOBAL, words)
    if at < len(words) and words[at].text in {"compose", "container"}:
        at, _ = _command_at(CONTAINER_GLOBAL, words, at + 1)
    if at >= len(words):
        return []
    verb = words[at].text
    if verb == "exec":
        begin, _ = _command_at(CONTAINER_EXEC, words, at + 1)
        return [Inner("container_exec", words[begin:])] if begin < len(words) else []
    if verb in {"run", "create"}:
        begin, _ = _command_at(CONTAINER_RUN, words, at + 1)
        return [Inner("container_run", words[begin:])] if begin < len(words) else []
    return []


def _kubectl(words: list[Word]) -> list[Inner]:
    texts = [word.text for word in words]
    verb = next((text for text in texts[1:] if text in _KUBECTL_VERBS), None)
    if verb is None or "--" not in texts:
        return []
    rest = words[texts.index("--") + 1 :]
    return [Inner("kubectl_exec" if verb != "run" else "kubectl_run", rest)] if rest else []


def _tmux(words: list[Word]) -> list[Inner]:
    at, _ = _command_at(TMUX, words)
    if at >= len(words):
        return []
    verb = words[at].text
    end = next((number for number in range(at, len(words)) if words[number].text == ";"), len(words))
    if verb in {"send-keys", "send"}:
        begin, _ = _command_at(TMUX_KEYS, words[:end], at + 1)
        typed = [word for word in words[begin:end] if word.text not in _KEY_NAMES]
        return [Inner("tmux_send_keys", typed, "shell")] if typed else []
    if verb in _TMUX_STARTERS:
        begin, _ = _command_at(TMUX_START, words[:end], at + 1)
        rest = words[begin:end]
        return [Inner("tmux", rest, "shell" if len(rest) == 1 else "argv")] if rest else []
    return []


def _screen(words: list[Word]) -> list[Inner]:
    texts = [word.text for word in words]
    if "-X" in texts:
        at = texts.index("-X") + 1
        typed = words[at + 1 :] if texts[at : at + 1] == ["stuff"] else []
        return [Inner("screen", [word._replace(text=word.text.rstrip("\r\n"), inner=None) for word in typed], "shell")]
    at, _ = _command_at(SCREEN, words)
    return [Inner("screen", words[at:])] if at < len(words) else []


def _script(words: list[Word]) -> list[Inner]:
    for number, word in enumerate(words[1:-1], 1):
        if word.text == "--command" or (
            word.text.startswith("-") and not word.text.startswith("--") and word.text[-1] == "c"
        ):
            return [Inner("script", words[number + 1 : number + 2], "shell")]
    return []


def _flock(words: list[Word]) -> list[Inner]:
    at, _ = _command_at(FLOCK, words)
    if at < len(words) and words[at].text in {"-c", "--command"}:
        return [Inner("flock", words[at + 1 : at + 2], "shell")] if at + 1 < len(words) else []
    return [Inner("flock", words[at:])] if at < len(words) else []


def _runner(words: list[Word]) -> list[Inner]:
    """`uv run COMMAND ..` and its kin."""
    plain = RUNNERS[base_name(words[0].text)]
    at, _ = _command_at(plain, words)
    if at >= len(words) or words[at].text != "run":
        return []
    at, _ = _command_at(plain, words, at + 1)
    return [Inner("run", words[at:])] if at < len(words) else []


def _code(words: list[Word], name: str) -> list[Inner]:
    """`python -c TEXT` and its kin: the text of another language, which is kept and not taken apart."""
    family = language(name)
    if family is None:
        return []
    letters = _CODE_OPTIONS[family]
    for number, word in enumerate(words[1:-1], 1):
        text = word.text
        if not text.startswith("-") or text == "-":
            return []
        if text == "--eval" or (not text.startswith("--") and text[-1] in letters):
            return [Inner(f"{family}_{letters[0]}", words[number + 1 : number + 2], "code")]
    return []


def _batch(words: list[Word]) -> list[Inner]:
    """`sbatch --wrap TEXT`: the job is told on the command line."""
    for number, word in enumerate(words[1:], 1):
        if word.text == "--wrap":
            return [Inner("batch", words[number + 1 : number + 2], "shell")] if number + 1 < len(words) else []
        if word.text.startswith("--wrap="):
            return [Inner("batch", [word._replace(text=word.text.partition("=")[2], inner=None)], "shell")]
    return []


def _plain_name(name: str) -> str:
    return name.lower().removesuffix(".exe")


def _windows(words: list[Word], name: str) -> list[Inner]:
    """What the programs of Windows carry; their names know no case."""
    plain = _plain_name(name)
    if plain in STARTERS:
        rest = started(words)
        waits = any(word.text.lower() in {"-wait", "/wait"} for word in words)
        return [Inner("start_process", rest, notes=() if waits else ("background",))] if rest else []
    via, text_of = TEXTS.get(plain, (None, None))
    text = text_of(words) if text_of else None
    return [Inner(via, [text], "shell")] if via and text else []


_SPECIAL: dict[str, Callable[[list[Word]], list[Inner]]] = {
    **dict.fromkeys(SHELLS, _shell),
    **dict.fromkeys(RUNNERS, _runner),
    **dict.fromkeys(("docker", "podman", "nerdctl", "docker-compose", "podman-compose"), _container),
    **dict.fromkeys(("kubectl", "oc", "k3s"), _kubectl),
    **dict.fromkeys(("su", "runuser"), _su),
    **dict.fromkeys(_BATCH, _batch),
    "sudo": _sudo,
    "env": _env,
    "exec": _exec,
    "command": _command,
    "eval": _eval,
    "trap": _trap,
    "find": _find,
    "parallel": _parallel,
    "ssh": _ssh,
    "tmux": _tmux,
    "screen": _screen,
    "script": _script,
    "flock": _flock,
}
