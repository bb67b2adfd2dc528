"""The walk over a shell text: a stack of things still to do, from which parts come out in order of appearance."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tree_sitter import Node

from parsers.dissect import flows, stages, wrappers
from parsers.dissect.flows import Flow
from parsers.dissect.part import NO_EXTRA, CommandPart, Extra, Parts, Place
from parsers.dissect.scope import Scope, Simple
from parsers.dissect.stages import Stage
from parsers.dissect.syntax import Heredoc, parse
from parsers.dissect.words import Word
from parsers.dissect.wrappers import Inner
from parsers.text import storable

TEXT_BYTES = 65_536
PAYLOAD_BYTES = 262_144  # parsed over all payloads of one text
PARTS = 8_192  # after so many no further payload is opened
NESTED_DEEP = 32
WRAPPERS_DEEP = 16
PAYLOADS_DEEP = 6

_SIMPLE = frozenset(
    {
        "command",
        "redirected_statement",
        "declaration_command",
        "unset_command",
        "variable_assignment",
        "variable_assignments",
    }
)
_CIRCUMSTANCES = {
    "while_statement": "loop",
    "for_statement": "loop",
    "c_style_for_statement": "loop",
    "case_item": "conditional",
    "elif_clause": "conditional",
    "else_clause": "conditional",
    "function_definition": "function",
    "ERROR": "parse_error",
}
_STATEMENTS = frozenset(
    {
        *_SIMPLE,
        *_CIRCUMSTANCES,
        "pipeline",
        "list",
        "negated_command",
        "subshell",
        "compound_statement",
        "if_statement",
        "case_statement",
        "do_group",
    }
)
# words that begin or end a compound command: as a command's name they tell that a line was torn out of one
_RESERVED = frozenset({"do", "then", "else", "elif", "if", "while", "until", "{", "!", "}", "done", "fi", "esac"})
_CHILD_PROCESSES = frozenset({"sh_c", "stdin", "heredoc", "herestring", "watch", "parallel", "env", "script", "flock"})
_SETS_VARIABLES = frozenset({"read", "mapfile", "readarray", "getopts", "printf", "unset", "let"})
_SHELL_LINE = re.compile(rb"#!\s*\S*(?:/env\s+)?(?:ba|da|z|k)?sh\b")
_CRON_TIMES = re.compile(r"[ \t]*(?:@[a-z]+|(?:[\d*,/A-Za-z-]+[ \t]+){4}[\d*,/A-Za-z-]+)[ \t]+(?=\S)")


class _Payload(NamedTuple):
    """A text to be parsed: `inner` is where it stands in the carrier's source, None where it does not.

    `same_shell` texts are read by the very shell that carries them; `run_before` are the substitutions in it that the
    carrying shell has run already.
    """

    text: str
    inner: int | None = None
    same_shell: bool = False
    run_before: frozenset[str] = frozenset()


def walk(text: str) -> list[CommandPart]:
    """Take a text apart; lone surrogates count as the escapes that the tables hold in their place."""
    return Walk().run(storable(text)[0].encode())


class Walk:
    """State of one dissection. Call `run` once."""

    def __init__(self) -> None:
        self.parts = Parts()
        self._todo: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._parsed = 0

    def run(self, source: bytes) -> list[CommandPart]:
        """Take apart the first `TEXT_BYTES` of a text in UTF-8; the rest becomes one part with the note truncated."""
        cut = cut_before(source, TEXT_BYTES)
        self._open(Scope(parse(source[:cut]), 0, {}, set()), Place(None, 0, "top"))
        while self._todo:
            method, arguments = self._todo.pop()
            method(*arguments)
        if cut < len(source):
            self._rest(cut, len(source), Place(None, 0, "rest"), None)
        return self.parts

    def _later(self, method: Callable[..., None], *arguments: Any) -> None:
        """Put something on the stack: what is put last is done first."""
        self._todo.append((method, arguments))

    # texts

    def _open(self, scope: Scope, place: Place) -> None:
        if scope.syntax.has_error or scope.unclosed:
            self._later(self._mark_faults, len(self.parts), scope, place)
        for start, end in reversed(scope.syntax.skipped):
            self._later(self._rest, start, end, place, scope)
        for root in reversed(scope.syntax.roots[1:]):
            self._later(self._sequence, root, place._replace(via="sequence", stdin=None), scope)
        self._later(self._sequence, scope.syntax.roots[0], place, scope)

    def _rest(self, start: int, end: int, place: Place, scope: Scope | None) -> None:
        """A stretch that was not parsed."""
        span = scope.span(start, end) if scope else (start, end)
        self.parts.add(place._replace(via="rest"), [], "", span, Extra(notes=("truncated",)))

    def _mark_faults(self, first: int, scope: Scope, place: Place) -> None:
        """Whatever could be read of a faulty text, at least one part shows the fault."""
        if len(self.parts) == first:
            if scope.source.strip():
                span = scope.span(0, len(scope.source))
                self.parts.add(place, [], scope.source.decode(), span, Extra(notes=("parse_error",)))
            return
        if scope.unclosed:
            self.parts.note(first, "unclosed_heredoc")
        if scope.syntax.has_error and not any("parse_error" in part.notes for part in self.parts[first:]):
            self.parts.note(first, "parse_error")

    def _payload(self, payload: _Payload, carrier: Scope, place: Place) -> None:
        """Parse a text that a part carries."""
        if payload.text in payload.run_before:
            return
        source = payload.text.encode()
        cut = cut_before(source, TEXT_BYTES)
        if place.payloads >= PAYLOADS_DEEP or self._parsed + cut > PAYLOAD_BYTES or len(self.parts) > PARTS:
            self.parts.note(place.parent, "payload_limit")
            return
        self._parsed += cut
        if cut < len(source):
            self.parts.note(place.parent, "truncated")
        variables: dict[str, str] = {}
        exported: set[str] = set()
        base = None if carrier.base is None or payload.inner is None else carrier.base + payload.inner
        if payload.same_shell:
            variables, exported = carrier.variables, carrier.exported
        elif place.via in _CHILD_PROCESSES:
            variables = {name: carrier.variables[name] for name in carrier.exported if name in carrier.variables}
            exported = set(variables)
        place = place._replace(payloads=place.payloads + 1, wrappers=0)
        self._open(Scope(parse(source[:cut]), base, variables, exported, payload.run_before), place)

    # structure

    def _sequence(self, node: Node, place: Place, scope: Scope) -> None:
        """Walk the statements below a node, one after the other."""
        found, loose = _statements(node)
        for number in range(len(found) - 1, -1, -1):
            statement, background, conditional = found[number]
            here = place if number == 0 else place._replace(via="sequence", stdin=None)
            if number < len(found) - 1:
                here = here._replace(stdout=None)
            if background:
                here = here._replace(via="background", notes=(*here.notes, "background"))
            if conditional:
                here = here._replace(notes=(*here.notes, "conditional"), certain=False)
            self._later(self._statement, statement, here, scope)
        if loose:
            self._substitutions(loose, place, scope)

    def _substitutions(self, nodes: list[Node], place: Place, scope: Scope, parent: int | None = None) -> None:
        for node in reversed(stages.substitutions(nodes, scope.source)):
            if scope.run_before and scope.text(node.start_byte, node.end_byte) in scope.run_before:
                continue
            if place.depth >= NESTED_DEEP:
                self.parts.note(parent, "payload_limit")
                return
            via = "substitution" if node.type == "command_substitution" else "process_substitution"
            here = place if parent is None else place.under(parent, via)
            here = here._replace(via=via, stdin=None, stdout=None, captured=True, certain=False)
            self._later(self._sequence, node, here, scope)

    def _statement(self, node: Node, place: Place, scope: Scope) -> None:
        """Walk an and-or list: each pipeline in turn."""
        found = stages.pipelines(node)
        for pipeline in reversed(found[1:]):
            here = place._replace(via=pipeline.joiner or "sequence", stdin=None)
            self._later(self._pipeline, pipeline.stages, here, scope)
        if found:
            self._pipeline(found[0].stages, place, scope)

    def _pipeline(self, pipe: list[Stage], place: Place, scope: Scope) -> None:
        outputs = scope.outputs(pipe)
        if len(pipe) == 1:
            self._stage(pipe[0], place._replace(stdout=outputs[0]) if outputs[0] else place, scope)
            return
        decoded_ahead = False
        for number in range(len(pipe) - 1, -1, -1):
            flow = outputs[number]
            decoded_ahead = decoded_ahead or (flow is not None and bool(flow.decoders))
            here = place._replace(
                via="pipe" if number else place.via,
                stdin=outputs[number - 1] if number else place.stdin,
                stdout=flow,
                captured=place.captured or number < len(pipe) - 1,
                decoded_ahead=decoded_ahead,
                certain=False,
            )
            self._later(self._stage, pipe[number], here, scope)

    def _stage(self, stage: Stage, place: Place, scope: Scope) -> None:
        node = stage.node
        kind = node.type
        if kind in _SIMPLE:
            if node.has_error:
                place = place._replace(notes=(*place.notes, "parse_error"))
            self._simple(scope.simple(stage), [node, *stage.redirects], place, scope)
            return
        circumstance = _CIRCUMSTANCES.get(kind)
        if circumstance:
            certain = place.certain and circumstance == "parse_error"
            place = place._replace(notes=(*place.notes, circumstance), certain=certain)
        elif kind == "subshell":
            place = place._replace(certain=False)
        if kind == "for_statement":
            variable = node.child_by_field_name("variable")
            if variable is not None:
                scope.forget(scope.text(variable.start_byte, variable.end_byte))
        if stage.redirects:
            # the redirects of a group are a part of their own, without a command: they hold for all of the group
            bare = place._replace(stdin=None, stdout=None)
            self._simple(scope.group_redirects(stage), list(stage.redirects), bare, scope)
        self._sequence(node, place, scope)

    # commands

    def _simple(self, simple: Simple, nodes: list[Node], place: Place, scope: Scope) -> None:
        words = simple.words
        if words and words[0].text in _RESERVED and words[0].inner == words[0].start:
            place = place._replace(notes=(*place.notes, "cut_line"))
            while words and words[0].text in _RESERVED:
                words = words[1:]
        environment = () if simple.declares else tuple([item.source for item in simple.assignments])
        if not words and not environment and not simple.redirect_in and not simple.redirect_out:
            return
        extra = NO_EXTRA
        if environment or simple.redirect_in or simple.redirect_out:
            extra = Extra(simple.redirect_in, simple.redirect_out, environment)
        text, span = scope.text(simple.start, simple.end), scope.span(simple.start, simple.end)
        number = self.parts.add(place, words, text, span, extra)
        if simple.assignments and (not words or simple.declares):
            scope.assign_all(simple, certain=place.certain)
        opened = bool(words) and self._carried(number, words, simple.stdin or place.stdin, place, scope)
        if not opened and not place.decoded_ahead:
            self._literals(number, [*simple.argv, *environment], place)
        for group in reversed(simple.groups):
            self._later(self._stage, Stage(group, ()), place.under(number, "time"), scope)
        for heredoc in reversed(simple.bodies):
            self._body_substitutions(heredoc, number, place, scope)
        self._substitutions(nodes, place, scope, number)

    def _carried(self, number: int, words: list[Word], stdin: Flow | None, place: Place, scope: Scope) -> bool:
        """Put what a command carries on the stack; tell whether that is a text, which shows its own literals."""
        name = wrappers.base_name(words[0].text)
        if name in _SETS_VARIABLES:
            for word in words[1:]:
                scope.forget(word.text)
        inners = wrappers.unwrap(name, words)
        if inners:
            opened = [self._inner(number, inner, stdin, place, scope) for inner in reversed(inners)]
            return any(opened)
        if stdin is not None and self._fed(number, wrappers.reads_program(name, words), stdin, place, scope):
            return True
        if stdin is not None and stdin.decoders and place.stdout is None:
            self._decoded(number, flows.readable_text(stdin.data), stdin.via, place)
        if place.stdout is not None and place.stdout.decoders and not place.captured:
            self._decoded(number, flows.readable_text(place.stdout.data), place.stdout.via, place)
            return True
        return False

    def _inner(self, number: int, inner: Inner, stdin: Flow | None, place: Place, scope: Scope) -> bool:
        here = place.under(number, inner.via)._replace(
            stdin=stdin,
            stdout=place.stdout,
            captured=place.captured,
            decoded_ahead=place.decoded_ahead,
            wrappers=place.wrappers + 1,
        )
        if inner.kind == "argv":
            if here.wrappers > WRAPPERS_DEEP:
                self.parts.note(number, "payload_limit")
            else:
                self._later(self._wrapped, inner, here, scope)
            return False
        text, begin = _joined(inner.words, scope.source)
        if any(word.note == "decoded" for word in inner.words):
            here = here._replace(via="base64", notes=(*here.notes, "decoded"))
        if inner.kind == "code":
            self._later(self._code, text, begin, here, scope)
        else:
            before = self._run_before(inner.words, scope)
            self._later(self._payload, _Payload(text, begin, inner.same_shell, before), scope, here)
        return True

    def _run_before(self, words: list[Word], scope: Scope) -> frozenset[str]:
        """Substitutions in words that the carrying shell runs, by their source."""
        if all(word.literal for word in words):
            return frozenset()
        nodes = [scope.syntax.smallest(word.start, word.end) for word in words if not word.literal]
        found = stages.substitutions([node for node in nodes if node is not None], scope.source)
        return frozenset(scope.text(node.start_byte, node.end_byte) for node in found)

    def _wrapped(self, inner: Inner, place: Place, scope: Scope) -> None:
        start, end = inner.words[0].start, max(word.end for word in inner.words)
        extra = Extra(environment=inner.environment, notes=inner.notes)
        number = self.parts.add(place, inner.words, scope.text(start, end), scope.span(start, end), extra)
        self._carried(number, inner.words, place.stdin, place, scope)

    # payloads

    def _fed(self, number: int, kind: str | None, flow: Flow, place: Place, scope: Scope) -> bool:
        """A text on the standard input of an interpreter, or on its way into a script."""
        written = kind is None and flow.origin == "heredoc" and self._writes_script(number, flow)
        if kind is None and not written:
            return False
        text = flows.readable_text(flow.data)
        if text is None:
            self.parts.note(number, "unreadable_payload")
            return True
        notes = [*place.notes, *(["decoded"] if flow.decoders else []), *([] if flow.whole else ["partial"])]
        here = place.under(number, flow.via)._replace(notes=tuple(notes))
        if written:
            here = here._replace(via="written", notes=(*place.notes, "written"))
        if kind == "code":
            self._later(self._code, text, flow.inner, here, scope)
        elif kind == "cron":
            self._crontab(text, here, scope)
        else:
            same_shell = self.parts[number].executable in {"source", "."}
            self._later(self._payload, _Payload(text, flow.inner, same_shell), scope, here)
        return True

    def _writes_script(self, number: int, body: Flow) -> bool:
        """Tell whether a here-document goes into what a shell would run: by its first line or the file's name."""
        part = self.parts[number]
        if part.executable not in {"cat", "tee"}:
            return False
        targets = (*part.redirect_out, *part.argv[1:])
        return bool(_SHELL_LINE.match(body.data)) or any(target.endswith((".sh", ".bash")) for target in targets)

    def _crontab(self, text: str, place: Place, scope: Scope) -> None:
        here = place._replace(via="cron")
        for line in reversed(text.splitlines()):
            times = _CRON_TIMES.match(line)
            if times and not line.lstrip().startswith("#"):
                self._later(self._payload, _Payload(line[times.end() :]), scope, here)

    def _code(self, text: str, inner: int | None, place: Place, scope: Scope) -> None:
        span = (None, None) if inner is None else scope.span(inner, inner + len(text.encode()))
        number = self.parts.add(place, [], text, span, Extra(notes=("code",)))
        self._literals(number, [text], place)

    def _literals(self, number: int, texts: list[str], place: Place) -> None:
        """Base64 literals in words that no decoder in the text is known to read."""
        for text in reversed(texts):
            for literal in reversed(flows.literals(text)):
                self._decoded(number, literal.text, "decoded", place)

    def _decoded(self, number: int, text: str | None, via: str, place: Place) -> None:
        if text is not None and place.payloads < flows.DECODERS_IN_A_ROW:
            here = place.under(number, via)._replace(payloads=place.payloads + 1)
            self._later(self._add_decoded, text, here)

    def _add_decoded(self, text: str, place: Place) -> None:
        number = self.parts.add(place, [], text, (None, None), Extra(notes=("decoded",)))
        self._literals(number, [text], place)

    def _body_substitutions(self, heredoc: Heredoc, number: int, place: Place, scope: Scope) -> None:
        """Substitutions in a here-document's body, which the shell runs before it hands the body over."""
        body = scope.source[heredoc.start : heredoc.end]
        if not stages.may_substitute(body):
            return
        if place.payloads >= PAYLOADS_DEEP or self._parsed + len(body) > PAYLOAD_BYTES:
            self.parts.note(number, "payload_limit")
            return
        self._parsed += len(body)
        # read as one double-quoted word: inside a body a double quote is a sign like any other
        quoted = b': "' + body.replace(b'"', b"'") + b'"'
        base = None if scope.base is None else scope.base + heredoc.start - 3
        inside = Scope(parse(quoted), base, scope.variables, scope.exported)
        self._substitutions(list(inside.syntax.roots), place, inside, number)


def cut_before(source: bytes, limit: int) -> int:
    """Return where to cut a text so that it has at most `limit` bytes and no character is torn."""
    if len(source) <= limit:
        return len(source)
    while limit and source[limit] & 0xC0 == 0x80:
        limit -= 1
    return limit


def _statements(node: Node) -> tuple[list[tuple[Node, bool, bool]], list[Node]]:
    """Return the statements below a node (each: in the background? behind a `then`?) and what else stands there."""
    found: list[tuple[Node, bool, bool]] = []
    loose: list[Node] = []
    behind_then = False
    for child in node.children:
        kind = child.type
        if kind in _STATEMENTS:
            found.append((child, False, behind_then))
        elif child.is_named:
            loose.append(child)
        elif kind == "&" and found:
            found[-1] = (found[-1][0], True, found[-1][2])
        elif kind == "then":
            behind_then = True
    return found, loose


def _joined(words: list[Word], source: bytes) -> tuple[str, int | None]:
    """Join words as `ssh` and `eval` do; the second value is where the result stands in the source, if it does."""
    if not words:
        return "", None
    if len(words) == 1:
        return words[0].text, words[0].inner
    text = " ".join(word.text for word in words)
    begin = words[0].start
    encoded = text.encode()
    verbatim = all(word.inner == word.start for word in words) and source[begin : begin + len(encoded)] == encoded
    return text, begin if verbatim else None
