"""Tools of agents: which class one is of, what a shell was told to run, what an answer says of exit, processes, faults.

Names are those of Claude Code, Codex, OpenHands, SWE-agent, Terminus and Gemini CLI. Nothing here interprets prose:
exit codes and process ids are read from the fixed phrases in which harnesses and shells write them, error types only
from fields meant for machines.
"""

from __future__ import annotations

import re
import shlex
from typing import Any, NamedTuple

from parsers.jsontext import JsonFault, decode

UNWRAPPED_SHELL = "unwrapped_shell_c"
STDIN = "stdin_of_running_command"
STATED_STATUS = range(100, 600)

_CLASSES = {
    "shell": (
        "bash bashoutput killbash killshell shell shell_command exec_command write_stdin container.exec local_shell "
        "local_shell_call terminal execute_bash run_command run_terminal_cmd run_shell_command execute_command "
        "powershell sh cmd command bash_command"
    ),
    "code": (
        "exec functions.exec python ipython execute_ipython_cell run_ipython code_interpreter execute_code "
        "code_execution jupyter js_repl repl"
    ),
    "file": (
        "read write edit multiedit notebookedit notebookread glob grep ls read_file write_file edit_file create_file "
        "list_dir list_directory grep_files search_files search_file_content replace apply_patch view_image "
        "str_replace_editor str_replace_based_edit_tool file_editor"
    ),
    "web": "webfetch websearch web_fetch web_search web_search_call google_web_search browser browse fetch",
    "sub_agent": "task agent spawn_agent sessions_spawn delegate sub_agent dispatch_agent",
}
_CLASS_OF = {name: kind for kind, names in _CLASSES.items() for name in names.split()}
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "ash"})
_SHELL_OPTION = re.compile(r"-[a-z]*c")
_COMMAND_KEYS = ("command", "cmd", "script", "keystrokes")
_DIRECTORY_KEYS = ("workdir", "cwd", "working_directory")

_JOB = re.compile(r"^\[\d{1,6}\] {1,4}(\d{1,10})\r?$", re.MULTILINE)
_EXIT = re.compile(r"(?:Exit code:?|Process exited with code) (-?\d{1,10})\b")
_EXIT_LINE = re.compile(r"^Process exited with code (-?\d{1,10})$", re.MULTILINE)
_EXIT_TRAILER = re.compile(r"\[(?:The command completed|Command finished) with exit code (-?\d{1,10})\.?\]")
_HEADER_CHARACTERS = 400

_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,79}")
_STATUS_LINE = re.compile(r"HTTP/\d(?:\.\d)? (\d{3})\b[^\n]*\n")
_LARGEST_BODY = 65_536
# types that say what was counted or asked; the code says what went wrong
_VAGUE = frozenset({"tokens", "requests", "invalid_request_error"})


def tool_class(name: str | None) -> str | None:
    """Return the class of a tool by its name: shell, code, file, web, mcp, sub_agent or other."""
    if name is None:
        return None
    lowered = name.lower()
    if lowered.startswith(("mcp__", "mcp.", "mcp:")):
        return "mcp"
    return _CLASS_OF.get(lowered, "other")


def shell_columns(arguments: Any) -> dict[str, Any]:
    """Return `command`, `argv`, `cwd` and `notes` from a shell tool's arguments, as far as they are there.

    A list is kept as `argv` and joined with shell quoting, but for `bash -lc X` and its like, whose command is X.
    """
    if not isinstance(arguments, dict):
        return {}
    found: dict[str, Any] = {}
    for key in _DIRECTORY_KEYS:
        if isinstance(arguments.get(key), str):
            found["cwd"] = arguments[key]
            break
    told = next((arguments[key] for key in _COMMAND_KEYS if arguments.get(key) is not None), None)
    if isinstance(told, str):
        found["command"] = told
    elif isinstance(told, list) and told and all(isinstance(word, str) for word in told):
        found |= command_of(told)
    elif isinstance(arguments.get("chars"), str) and arguments["chars"]:
        found["command"] = arguments["chars"]
        found["notes"] = [STDIN]
    return found


def command_of(argv: list[str]) -> dict[str, Any]:
    """Return `argv`, the `command` it stands for, and a note where a shell was unwrapped."""
    shell, *options = argv[:-1] or [""]
    if (
        shell.rsplit("/", 1)[-1] in _SHELLS
        and _SHELL_OPTION.fullmatch((options or [""])[-1])
        and all(word.startswith("-") for word in options)
    ):
        return {"argv": argv, "command": argv[-1], "notes": [UNWRAPPED_SHELL]}
    return {"argv": argv, "command": shlex.join(argv)}


def pids_of(text: str) -> list[int] | None:
    """Return the process ids of job lines such as `[1] 22268`; None where there are none."""
    if "] " not in text:
        return None
    return [int(pid) for pid in _JOB.findall(text)] or None


def exit_code_of(text: str) -> int | None:
    """Return the exit code that a harness wrote at the head or foot of a shell's answer."""
    match = _EXIT.match(text)
    if match is None and "Process exited with code " in text[:_HEADER_CHARACTERS]:
        match = _EXIT_LINE.search(text[:_HEADER_CHARACTERS])
    if match is None and "with exit code " in text[-_HEADER_CHARACTERS:]:
        trailers = _EXIT_TRAILER.findall(text[-_HEADER_CHARACTERS:])
        return int(trailers[-1]) if trailers else None
    return int(match[1]) if match else None


class Fault(NamedTuple):
    """What a machine said went wrong: its token for the kind of error, and the HTTP status."""

    error_type: str | None = None
    http_status: int | None = None


NO_FAULT = Fault()


def fault_of_text(text: str) -> Fault:
    """Read the error out of an answer that is a JSON error body, also behind an exit code or HTTP headers."""
    if '"error' not in text and not text.startswith("HTTP/"):
        return NO_FAULT
    body, status = text[:_LARGEST_BODY], None
    if body.startswith("Exit code "):
        body = body.partition("\n")[2]
    if match := _STATUS_LINE.match(body):
        status = http_status(int(match[1]))
        body = body.replace("\r\n", "\n").partition("\n\n")[2]
    fault = _fault_of_json(body)
    if fault.error_type is None and (status is None or status < 400):
        return NO_FAULT
    return Fault(fault.error_type, fault.http_status or status)


def _fault_of_json(body: str) -> Fault:
    if not body.lstrip(" \t\r\n").startswith("{"):
        return NO_FAULT
    try:
        return fault_of_body(decode(body.encode("utf-8", "surrogatepass")).value)
    except JsonFault:
        return NO_FAULT


def fault_of_body(body: Any) -> Fault:
    """Read the error out of a decoded error body: OpenAI, Anthropic, Google and plain `{"error": token}` forms."""
    if not isinstance(body, dict):
        return NO_FAULT
    error = body.get("error")
    if isinstance(error, str):
        return Fault(token(error), status_of(body))
    kind = status = None
    while isinstance(error, dict):
        # clients wrap the body they got in an object of their own
        kind = _kind_of(error) or kind
        status = status_of(error) or status
        error = error.get("error")
    return Fault(kind, status or status_of(body))


def _kind_of(error: dict[str, Any]) -> str | None:
    kind, code = token(error.get("type")), token(error.get("code"))
    if kind in _VAGUE:
        return code or kind
    return kind or code or token(error.get("status"))


def token(value: Any) -> str | None:
    """Return a value that is a machine's word (letters, digits, `_`, `.`, `-`), None for anything else."""
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


def status_of(fields: dict[str, Any]) -> int | None:
    """Return the HTTP status that stands in one of the usual fields."""
    for key in ("status_code", "http_status", "http_status_code", "httpStatusCode", "status", "code"):
        found = http_status(fields.get(key))
        if found is not None:
            return found
    return None


def http_status(value: Any) -> int | None:
    """Return an HTTP status, None for other values."""
    return value if type(value) is int and value in STATED_STATUS else None
