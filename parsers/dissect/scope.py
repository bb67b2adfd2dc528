"""One parsed shell text: reads its simple commands, and knows what its pipes carry and its variables hold."""

from __future__ import annotations

import re
from typing import NamedTuple

from tree_sitter import Node

from parsers.dissect import flows, stages
from parsers.dissect.flows import Flow
from parsers.dissect.stages import Stage
from parsers.dissect.syntax import Heredoc, Syntax
from parsers.dissect.words import Reader, Value, Word

SUBSTITUTIONS_DEEP = 3
VALUE_LENGTH = 65_536  # of a variable that is remembered: `A+=$A` doubles it with every word

_DECLARATIONS = frozenset({"declaration_command", "unset_command"})
_GROUPS = frozenset({"subshell", "compound_statement"})
_BODY_EXPANSION = re.compile(r"(?<!\\)[$`]")
_BODY_ESCAPE = re.compile(r"\\([$`\\\n])")
_TABS = re.compile(rb"(?m)^\t+")


class Assignment(NamedTuple):
    """One `NAME=value`: `value` is None where the text does not say it."""

    name: str
    value: str | None
    appends: bool
    source: str


class Simple(NamedTuple):
    """A simple command as read: words, what was assigned before them, redirects, and the input given on the spot."""

    words: list[Word]
    assignments: list[Assignment]
    redirect_in: tuple[str, ...]
    redirect_out: tuple[str, ...]
    stdin: Flow | None
    bodies: tuple[Heredoc, ...]  # whose substitutions the shell would run
    start: int
    end: int
    declares: bool = False
    groups: tuple[Node, ...] = ()

    @property
    def argv(self) -> tuple[str, ...]:
        """The words' texts."""
        return tuple(word.text for word in self.words)


class Scope:
    """A parsed text, where it stands in the dissected one (`base`, None if it does not), and its variables."""

    def __init__(
        self,
        syntax: Syntax,
        base: int | None,
        variables: dict[str, str],
        exported: set[str],
        run_before: frozenset[str] = frozenset(),
    ) -> None:
        self.run_before = run_before  # substitutions that the carrying shell runs before it hands this text over
        self.syntax = syntax
        self.source = syntax.source
        self.base = base
        self.variables = variables
        self.exported = exported
        self.unclosed = any(not heredoc.closed for heredoc in syntax.heredocs.values())
        self._reader = Reader(syntax.source, variables, self._evaluate)
        self._evaluating = 0

    def simple(self, stage: Stage) -> Simple:
        """Read a simple command, a declaration, bare assignments or bare redirects."""
        node = stage.node
        if node.type in _DECLARATIONS:
            return self._declaration(stage)
        if node.type == "variable_assignment":
            return self._bare([node], stage)
        if node.type == "variable_assignments":
            return self._bare(node.named_children, stage)
        found = stages.material(stage)
        words = self._reader.words(found.words)
        start, end = node.start_byte, node.end_byte
        assignments = [self._assignment(child) for child in found.assignments]
        simple = Simple(words, assignments, (), (), None, (), start, end, groups=tuple(found.groups))
        return self._redirected(simple, found.redirects) if found.redirects else simple

    def group_redirects(self, stage: Stage) -> Simple:
        """Read the redirects of a group, loop or conditional."""
        first, last = stage.redirects[0], stage.redirects[-1]
        return self._redirected(
            Simple([], [], (), (), None, (), first.start_byte, last.end_byte), list(stage.redirects)
        )

    def outputs(self, pipe: list[Stage]) -> list[Flow | None]:
        """Return what each stage of a pipeline is known to put out."""
        found: list[Flow | None] = []
        flow: Flow | None = None
        for number, stage in enumerate(pipe):
            if number == 0 and not self._may_start(stage):
                return [None] * len(pipe)
            if stage.node.type == "command":
                flow = self._output(stage, flow, ends=number == len(pipe) - 1)
            elif stage.node.type in _GROUPS and number == 0:
                flow = self._group_output(stage.node)
            else:
                flow = None
            found.append(flow)
        return found

    def assign_all(self, simple: Simple, *, certain: bool) -> None:
        """Take note of a command's assignments; one that may not have happened makes the variable unknown."""
        for name, value, appends, _ in simple.assignments:
            known = value
            if value is not None and appends:
                known = self.variables[name] + value if name in self.variables else None
            if known is None or not certain or len(known) > VALUE_LENGTH:
                self.variables.pop(name, None)
            else:
                self.variables[name] = known
        if simple.declares and simple.words[0].text == "export":
            self.exported.update(word.text.partition("=")[0] for word in simple.words[1:])

    def forget(self, name: str) -> None:
        """A variable was set in a way the text does not tell."""
        self.variables.pop(name, None)

    def text(self, start: int, end: int) -> str:
        """Return a stretch of the source."""
        return self.source[start:end].decode()

    def span(self, start: int, end: int) -> tuple[int | None, int | None]:
        """Return a stretch of this text as bytes of the dissected one."""
        return (None, None) if self.base is None else (self.base + start, self.base + end)

    def _may_start(self, stage: Stage) -> bool:
        node = stage.node
        raw = self.source[node.start_byte : node.end_byte]
        if node.type in _GROUPS:
            return b"echo" in raw or b"printf" in raw
        name = node.child_by_field_name("name")
        if node.type != "command" or name is None:
            return False
        first = self.source[name.start_byte : name.end_byte].decode()
        return first.rsplit("/", 1)[-1] in flows.STARTERS or not first.isidentifier()

    def _output(self, stage: Stage, stdin: Flow | None, *, ends: bool) -> Flow | None:
        simple = self.simple(stage)
        if not ends and any(not entry.startswith("2") for entry in simple.redirect_out):
            return None  # into a file, not to the next stage
        literal = all(word.literal for word in simple.words)
        flow = flows.output(simple.argv, simple.stdin or stdin, literal=literal)
        return flow._replace(whole=flow.whole and literal) if flow else None

    def _group_output(self, group: Node) -> Flow | None:
        """Join what the commands of a group put out; what is not known of makes the flow incomplete."""
        data: list[bytes] = []
        whole = True
        for statement in group.named_children:
            flow = self._known_output(statement)
            if flow is None:
                whole = False
            else:
                data.append(flow.data)
                whole = whole and flow.whole
        return Flow(b"".join(data), whole=whole) if data else None

    def _known_output(self, statement: Node) -> Flow | None:
        """Return what a statement of one pipeline puts out; groups and substitutions nest only so deep."""
        if self._evaluating >= SUBSTITUTIONS_DEEP:
            return None
        self._evaluating += 1
        found = stages.pipelines(statement)
        flow = self.outputs(found[0].stages)[-1] if len(found) == 1 else None
        self._evaluating -= 1
        return flow

    def _evaluate(self, substitution: Node) -> Value | None:
        """Return what a command substitution stands for, if the text alone tells it."""
        inside = [child for child in substitution.named_children if child.type != "comment"]
        flow = self._known_output(inside[0]) if len(inside) == 1 else None
        if flow is None or not flow.whole:
            return None
        text = flows.readable_text(flow.data)
        return None if text is None or "\0" in text else Value(text.rstrip("\n"), bool(flow.decoders))

    def _declaration(self, stage: Stage) -> Simple:
        node = stage.node
        words: list[Word] = []
        assignments: list[Assignment] = []
        for child in node.children:
            if child.type == "variable_assignment":
                assignment = self._assignment(child)
                assignments.append(assignment)
                words.append(
                    Word(assignment.source, child.start_byte, child.end_byte, None, assignment.value is not None)
                )
            elif child.type not in stages.REDIRECTS and child.type != "comment":
                words.extend(self._reader.words([child]))
        simple = Simple(words, assignments, (), (), None, (), node.start_byte, node.end_byte, declares=True)
        return self._redirected(simple, list(stage.redirects)) if stage.redirects else simple

    def _bare(self, nodes: list[Node], stage: Stage) -> Simple:
        assignments = [self._assignment(node) for node in nodes if node.type == "variable_assignment"]
        simple = Simple([], assignments, (), (), None, (), stage.node.start_byte, stage.node.end_byte)
        return self._redirected(simple, list(stage.redirects)) if stage.redirects else simple

    def _assignment(self, node: Node) -> Assignment:
        target = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        name = self.text(node.start_byte, node.end_byte).partition("=")[0]
        appends = name.endswith("+")
        if value is None:
            empty = self.source[node.end_byte - 1 : node.end_byte] == b"="
            return Assignment(name.removesuffix("+"), "" if empty else None, appends, f"{name}=")
        if value.type == "array" or target is None or target.type != "variable_name":
            return Assignment(name.partition("[")[0], None, appends, self.text(node.start_byte, node.end_byte))
        word = self._reader.word(value)
        known = word.text if word.literal else None
        return Assignment(name.removesuffix("+"), known, appends, f"{name}={word.text}")

    def _redirected(self, simple: Simple, redirects: list[Node]) -> Simple:
        """Add redirects to a command: as text, and as the input that a here-document or here-string gives."""
        read: list[str] = []
        written: list[str] = []
        stdin: Flow | None = None
        bodies: list[Heredoc] = []
        for node in redirects:
            if node.type == "herestring_redirect":
                word = self._reader.word(node.named_children[-1]) if node.named_children else None
                if word is not None:
                    read.append(f"<<<{word.text}")
                    stdin = Flow(f"{word.text}\n".encode(), "herestring", whole=word.literal, inner=word.inner)
                continue
            heredoc, prefix, target = self._redirect(node)
            if heredoc:
                read.append(f"{prefix}{target}")
                stdin = self._body(heredoc)
                bodies.extend([] if heredoc.quoted else [heredoc])
                continue
            if target.startswith(("<(", ">(")):
                prefix += " "
            if "<" in prefix:
                read.append(prefix + target)
            if ">" in prefix:
                written.append(prefix + target)
        return simple._replace(
            redirect_in=tuple(read),
            redirect_out=tuple(written),
            stdin=stdin,
            bodies=tuple(bodies),
            start=min(simple.start, redirects[0].start_byte) if redirects else simple.start,
            end=max(simple.end, redirects[-1].end_byte) if redirects else simple.end,
        )

    def _redirect(self, node: Node) -> tuple[Heredoc | None, str, str]:
        """Return the here-document behind a redirect (if it is one), its operator with descriptor, and its target."""
        targets = stages.destinations(node)
        begin = targets[0].start_byte if targets else node.end_byte
        prefix = "".join(self.text(node.start_byte, begin).split())
        for child in node.children:
            heredoc = self.syntax.heredocs.get(child.start_byte)
            if heredoc:
                return heredoc, prefix, heredoc.delimiter
        return None, prefix, self._reader.word(targets[0]).text if targets else ""

    def _body(self, heredoc: Heredoc) -> Flow:
        data = self.source[heredoc.start : heredoc.end]
        inner: int | None = heredoc.start
        if heredoc.strip_tabs:
            stripped = _TABS.sub(b"", data)
            inner = inner if stripped == data else None
            data = stripped
        if heredoc.quoted:
            return Flow(data, "heredoc", inner=inner)
        text = data.decode()
        plain = _BODY_ESCAPE.sub(lambda match: "" if match[1] == "\n" else match[1], text)
        whole = _BODY_EXPANSION.search(text) is None
        return Flow(plain.encode(), "heredoc", whole=whole, inner=inner if plain == text else None)
