"""A shell text taken apart into the commands in it, however they are wrapped, piped or encoded. Nothing is run.

`dissect` gives one `CommandPart` per simple command, wrapper layer and decoded payload, in order of appearance, a
carrier before what it carries. The keys that match a typed command with the executions it caused come from
`parsers.dissect.keys` and can be had from here too.

What counts as a part: every simple command, also one that is only assignments (`HISTFILE=/dev/null`) or only a redirect
(`> auth.log`, `{ a; b; } > log`): these have no executable. Tests (`[[ .. ]]`, `[ .. ]`) and arithmetic are none, but
substitutions in them are. A wrapper's inside is a part of its own, `sudo nice x` makes three. Texts for other languages
(`python3 -c`, a heredoc to python) are parts with the note `code` and no executable; base64 that decodes to readable
text without being fed to a shell is one with the note `decoded`. A here-document written into a shell script is taken
apart too, with the note `written`: that such commands ran is for other evidence to say.

Limits: 64 KiB of a text (`truncated`), wrappers 16 deep, payloads 6 deep, decoders 3 in a row, parts 32 deep, 256 KiB
and 8,192 parts over all payloads of a text (`payload_limit` on the part that carries what was not opened). The walk
keeps its own stack.
"""

from __future__ import annotations

from parsers.dissect.keys import first_exec_keys, loose_exec_keys, loose_key, normalise, normalise_argv
from parsers.dissect.part import CommandPart
from parsers.dissect.walk import walk

__all__ = [
    "CommandPart",
    "dissect",
    "first_exec_keys",
    "loose_exec_keys",
    "loose_key",
    "normalise",
    "normalise_argv",
]


def dissect(text: str) -> list[CommandPart]:
    """Take a shell text apart. Never raises; what cannot be read is noted (`parse_error`).

    Spans are bytes of the text in UTF-8. Lone surrogates count as the six characters of their escape, which is what the
    tables hold in their place.
    """
    return walk(text)
