"""From a syntax tree to what a shell sees: and-or lists of pipelines of stages, and the raw material of a command.

The grammar nests a list inside a pipeline where a redirect comes first (`a 2>&1 | b && c`), and gives the words behind
an input redirect to the redirect (`cat <in word`). Both are set right here, from the order of the signs in the text.
"""

from __future__ import annotations

from typing import NamedTuple

from tree_sitter import Node

REDIRECTS = frozenset({"file_redirect", "herestring_redirect", "heredoc_redirect"})
_OPERATORS = {"|": "pipe", "|&": "pipe", "&&": "and", "||": "or"}
_GROUPS = frozenset({"subshell", "compound_statement"})
_SUBSTITUTIONS = frozenset({"command_substitution", "process_substitution"})


_Item = tuple[Node | str, tuple[Node, ...]]  # a node with the redirects around it, or the operator between two


class Stage(NamedTuple):
    """One stage of a pipeline: its node and the redirects that stand outside of the node."""

    node: Node
    redirects: tuple[Node, ...]


class Pipeline(NamedTuple):
    """Stages joined by `|`, and how the pipeline hangs on the one before it: and, or, None for the first."""

    joiner: str | None
    stages: list[Stage]


class Material(NamedTuple):
    """The nodes of a simple command by role, each in source order."""

    assignments: list[Node]
    words: list[Node]
    redirects: list[Node]
    groups: list[Node]  # `time ( .. )` is a command with a group for a word


def pipelines(statement: Node) -> list[Pipeline]:
    """Take a statement apart at `&&`, `||` and `|`, which all stand on one level for a shell but for precedence."""
    if statement.type == "command":
        return [Pipeline(None, [Stage(statement, ())])]
    found = [Pipeline(None, [])]
    waiting: list[_Item] = [(statement, ())]
    while waiting:
        item, redirects = waiting.pop()
        if isinstance(item, str):
            if item != "pipe":
                found.append(Pipeline(item, []))
            continue
        below = _below(item, redirects)
        if below is None:
            found[-1].stages.append(Stage(item, redirects))
        else:
            waiting.extend(reversed(below))
    return [pipeline for pipeline in found if pipeline.stages]


def _below(node: Node, redirects: tuple[Node, ...]) -> list[_Item] | None:
    """Return what a list, pipeline or redirected statement consists of; None for a stage."""
    kind = node.type
    if kind in {"list", "pipeline"}:
        items: list[_Item] = []
        for child in node.children:
            if child.is_named and child.type != "comment":
                items.append((child, ()))
            elif child.type in _OPERATORS:
                items.append((_OPERATORS[child.type], ()))
        if redirects and items and not isinstance(items[-1][0], str):
            items[-1] = (items[-1][0], redirects)  # those at the end of a pipeline are its last stage's
        return items
    if kind == "redirected_statement":
        body = node.child_by_field_name("body")
        own = tuple(child for child in node.children if child.type in REDIRECTS)
        return None if body is None else [(body, own + redirects)]
    if kind == "negated_command" and node.named_children:
        return [(node.named_children[-1], redirects)]
    return None


def material(stage: Stage) -> Material:
    """Sort the children of a command (or of a statement that is only redirects) by role."""
    assignments: list[Node] = []
    words: list[Node] = []
    redirects: list[Node] = list(stage.redirects)
    groups: list[Node] = []
    for child in stage.node.children:
        kind = child.type
        if kind == "command_name":
            words.extend(child.children)
        elif kind == "variable_assignment":
            assignments.append(child)
        elif kind in REDIRECTS:
            redirects.append(child)
        elif kind in _GROUPS:
            groups.append(child)
        elif kind not in {"comment", "ERROR"}:
            words.append(child)
    if redirects:
        strays = [word for redirect in redirects for word in destinations(redirect)[1:]]
        if strays:
            words = sorted([*words, *strays], key=lambda node: node.start_byte)
        redirects.sort(key=lambda node: node.start_byte)
    return Material(assignments, words, redirects, groups)


def destinations(redirect: Node) -> list[Node]:
    """Return the words a redirect holds: the first is its target, further ones belong to the command."""
    return [child for child in redirect.named_children if child.type not in {"file_descriptor", "ERROR"}]


def substitutions(nodes: list[Node], source: bytes) -> list[Node]:
    """Find the outermost command and process substitutions in nodes, in source order."""
    found: list[Node] = []
    waiting = [node for node in reversed(nodes) if may_substitute(source[node.start_byte : node.end_byte])]
    while waiting:
        node = waiting.pop()
        if node.type in _SUBSTITUTIONS:
            found.append(node)
        else:
            waiting.extend(reversed(node.children))
    return found


def may_substitute(raw: bytes) -> bool:
    """Tell whether a stretch of source can hold a substitution at all."""
    return b"$(" in raw or b"`" in raw or b"<(" in raw or b">(" in raw
