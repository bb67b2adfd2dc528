"""Matplotlib's SVG made fit for a strict page: no style attributes, no fonts of its own, ink in the page's colour.

A content security policy without 'unsafe-inline' ignores `style="..."`, so properties become presentation attributes.
Ids get a prefix, since several figures share one document.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from markupsafe import Markup

INK = "#0a0b0c"  # stands for the page's text colour; no series may have it

_LOCAL_LINK = re.compile(r"url\(#([\w.-]+)\)")
_FONT_SIZE = re.compile(r"([\d.]+)px")
_KEPT = frozenset(
    {
        "fill",
        "fill-opacity",
        "fill-rule",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-dasharray",
        "stroke-dashoffset",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "opacity",
        "text-anchor",
        "font-weight",
        "clip-path",
    }
)
_DROPPED = frozenset({"metadata", "style"})


def inlined(svg: bytes, prefix: str, attributes: dict[str, str]) -> Markup:
    """Turn a figure that matplotlib wrote into an `<svg>` element for HTML, with `attributes` on it.

    `svg` is our own output, never evidence.
    """
    root = ET.fromstring(svg)  # noqa: S314 (see above)
    _localise(root)
    used = _used_ids(root)
    for parent in root.iter():
        for child in list(parent):
            if child.tag in _DROPPED:
                parent.remove(child)
    for element in root.iter():
        _restyle(element)
        _rename_ids(element, prefix, used)
        element.text = element.text if element.text and element.text.strip() else None
        element.tail = None
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib.update(attributes)
    return Markup(ET.tostring(root, encoding="unicode", method="html"))  # noqa: S704 (serialised, escaped)


def _localise(root: ET.Element) -> None:
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for name in list(element.attrib):
            if name.startswith("{"):
                element.attrib[name.rpartition("}")[2]] = element.attrib.pop(name)


def _used_ids(root: ET.Element) -> set[str]:
    used: set[str] = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "href" and value.startswith("#"):
                used.add(value[1:])
            used.update(_LOCAL_LINK.findall(value))
    return used


def _restyle(element: ET.Element) -> None:
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip(), value.strip()
        if name in {"font", "font-size"} and (found := _FONT_SIZE.search(value)):
            element.set("font-size", found[1])
        elif name in _KEPT:
            element.set(name, value)
    for name in ("fill", "stroke"):
        if element.get(name) == INK:
            element.set(name, "currentColor")


def _rename_ids(element: ET.Element, prefix: str, used: set[str]) -> None:
    own = element.attrib.pop("id", None)
    if own in used:
        element.set("id", f"{prefix}-{own}")
    for name, value in element.attrib.items():
        if name == "href" and value.startswith("#"):
            element.set(name, f"#{prefix}-{value[1:]}")
        elif "url(#" in value:
            element.set(name, _LOCAL_LINK.sub(rf"url(#{prefix}-\1)", value))
