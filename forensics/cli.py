"""The command line: what there is, and how every fault ends in one line and an exit code.

Commands live in `forensics/commands/`, one module each, imported when called: help must not wait for Arrow.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Sequence

import click

from forensics.errors import ForensicsError
from forensics.interruption import remembered

COMMANDS = {
    "init": "Make an empty case.",
    "ingest": "Seal evidence into a case and read it.",
    "policy": "Draft what was allowed, for `analyze` to judge acts by.",
    "analyze": "Rebuild the chain and write the incident document.",
    "report": "Write the report, one HTML file.",
    "next": "Tell what to collect next, before it is gone.",
    "verify": "Check every hash, the chain of custody and this tool.",
    "annotate": "Dispute, exclude or note a record, or confirm a source's zone.",
    "timeline": "List what happened, in order of time.",
    "read": "Tell which of an agent's own words to read first; no finding.",
    "explain": "Tell which agents were active around an alert, and the chance of it.",
    "show": "Print the bytes that a reference stands for.",
    "query": "Ask SQL of a case.",
    "export": "Write the incident document for others.",
    "formats": "List the formats, or explain how a file is recognised.",
    "demo": "Make a made-up case and its report.",
}
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EROFS})
INTERRUPTED = 130
DEFECT = 1
_EPILOG = """
Exit codes: 0 done, 1 a check failed, 2 usage, 3 books do not balance, 4 something was not read and --strict was given,
5 the case is busy, 6 storage full or failing, 130 interrupted.
"""


class _Lazy(click.Group):
    """A group whose commands are imported when they run; their one-line help stands here."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as click calls it
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"forensics.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="agent-mining-forensics", prog_name="forensics")
def cli() -> None:
    """Investigate an incident in which an AI agent may have mined cryptocurrency.

    A case is a folder: `init` it, `ingest` evidence, `analyze`, then `report`. Evidence is never executed, changed or
    sent anywhere.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code. Nothing but an interpreter's own failure leaves as an exception."""
    try:
        with remembered():
            outcome = cli.main(args=None if arguments is None else list(arguments), standalone_mode=False)
            sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return int(leaving.exit_code)
    except click.ClickException as fault:
        return _told(fault.format_message(), _usage_hint(fault), 2)
    except ForensicsError as fault:
        return _told(str(fault), None, fault.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _told("interrupted; the case is as it was", None, INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on: nothing to say at exit
        return 0
    except OSError as fault:
        return _told(f"{fault.filename or 'input or output'}: {fault.strerror or fault}", None, _code_of(fault))
    except Exception as fault:  # the last stop: told in one line, with its traceback on request
        if os.environ.get("FORENSICS_TRACEBACK"):
            raise
        return _unforeseen(fault)
    return outcome if isinstance(outcome, int) else 0


def _told(message: str, hint: str | None, code: int) -> int:
    """Print one line on standard error, masked and made visible."""
    from forensics.masking import masked
    from forensics.terminal import say

    say(masked(f"forensics: {message}; {hint}" if hint else f"forensics: {message}"))
    return code


def _usage_hint(fault: click.ClickException) -> str | None:
    context = getattr(fault, "ctx", None)
    return f"see `{context.command_path} --help`" if context else None


def _code_of(fault: OSError) -> int:
    return 6 if fault.errno in _FULL else 2


def _unforeseen(fault: Exception) -> int:
    """The other packages' own errors are told as they are; anything else is a defect of ours."""
    root = next((kind for kind in type(fault).__mro__ if kind.__name__ in _ROOTS), None)
    if root is not None:
        return _told(str(fault), None, _ROOTS[root.__name__])
    told = f"a defect of this tool: {type(fault).__name__}: {fault}"
    return _told(told, "set FORENSICS_TRACEBACK=1 for where it arose, and report it", DEFECT)


# by name: importing the packages to learn their errors would cost more than most commands
_ROOTS = {"BooksDoNotBalance": 3, "ParsersError": 2, "QueriesError": 2, "ReportsError": 2}
