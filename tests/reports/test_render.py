from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from jinja2 import Environment, UndefinedError
from jinja2.exceptions import TemplateRuntimeError

from reports import render as rendering
from reports.citations import Citations, anchor
from reports.errors import ModelFault
from reports.render import SECTIONS, render

NAMES = ("incident", "quiet", "intruder", "hostile")
VOID = frozenset({"meta", "input", "br", "img", "hr", "link"})
# what may not stand inside a paragraph: a browser would close it
BLOCKS = frozenset(
    {"div", "p", "ul", "ol", "dl", "table", "details", "figure", "pre", "section", "h2", "h3", "article"}
)


class Page(HTMLParser):
    """A strict reading: every tag closed in its turn, attributes collected."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.faults: list[str] = []
        self.feed(text)
        self.close()
        self.faults += [f"{tag} stays open" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if "p" in self.open and tag in BLOCKS:
            self.faults.append(f"{tag} inside p at {self.getpos()}")
        if len(attrs) != len(dict(attrs)):
            self.faults.append(f"an attribute twice at {self.getpos()}")
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"/{tag} out of turn at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"a comment: {data[:40]}")


@pytest.fixture(params=NAMES)
def page(request: pytest.FixtureRequest, page_of: Callable[[str], str]) -> Page:
    return Page(page_of(request.param))


def test_the_page_is_well_formed(page: Page) -> None:
    assert page.faults == []
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    headings = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert headings.count(1) == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(headings))


def test_only_the_page_itself_is_linked(page: Page) -> None:
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form", "img", "audio", "video"}
        for name, value in attributes.items():
            assert name not in {"style", "srcset", "formaction", "ping", "background", "xlink:href"}
            assert not name.startswith("on")
            if name == "src":
                pytest.fail(f"{tag} loads {value}")
            if name == "href":
                assert value
                assert value.startswith("data:image/png;base64,") if tag == "image" else value.startswith("#")
                if tag != "image":
                    assert value[1:] in ids, value
            if name in {"aria-labelledby", "aria-describedby", "for"}:
                assert value in ids, f"{tag} {name}={value}"


def test_the_policy_names_what_is_there(page: Page) -> None:
    policies = [a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    policy = policies[0]
    assert policy
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"unsafe|https?:|\*|connect-src", policy)
    (style,) = page.texts["style"]
    scripts = [text for text in page.texts["script"] if "use strict" in text]
    for directive, text in (("style-src", style), ("script-src", scripts[0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    kinds = [a.get("type") for tag, a in page.elements if tag == "script"]
    assert kinds in ([None], ["application/octet-stream", None])
    # the policy must come before anything it rules
    assert [tag for tag, _ in page.elements][:4] == ["html", "head", "meta", "meta"]


def test_landmarks_and_order(page: Page) -> None:
    tags = [tag for tag, _ in page.elements]
    for landmark in ("header", "nav", "main", "footer"):
        assert tags.count(landmark) == 1
    first_link = next(a for tag, a in page.elements if tag == "a")
    assert first_link["href"] == "#verdict"
    named = {section.name for section in SECTIONS}
    order = [a["id"] for tag, a in page.elements if tag == "section" and a.get("id") in named]
    assert order == [section.name for section in SECTIONS]


@pytest.mark.parametrize("name", NAMES)
def test_every_ref_leads_somewhere(samples: ModuleType, page_of: Callable[[str], str], name: str) -> None:
    model = samples.MODELS[name]()
    page = Page(page_of(name))
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {anchor(record.ref) for record in model.records} <= ids
    cited = {a["href"][1:] for tag, a in page.elements if tag == "a" and "cite" in (a.get("class") or "")}  # type: ignore[index]
    assert cited <= ids
    told = {ref for statement in model.verdict.rests_on for ref in statement.refs}
    told |= {ref for incident in model.incidents for stage in incident.stages for ref in stage.refs}
    told |= {ref for incident in model.incidents for h in incident.attribution for ref in h.supporting + h.opposing}
    told |= {ref for figure in model.key_figures for ref in figure.refs}
    told |= {ref for chart in model.charts if any(any(s.values) for s in chart.series) for ref in chart.refs}
    assert {anchor(ref) for ref in told} <= cited


def test_an_uncarded_ref_is_listed_as_such(samples: ModuleType, page_of: Callable[[str], str]) -> None:
    page = page_of("incident")
    ref = samples.ref("flow", 50_000)
    listed = page.partition("Cited, not inlined")[2]
    assert f'<li id="{anchor(ref)}"' in listed
    assert "netflow/vpc-flow-2026-03.log.gz</bdi>, record 50000" in listed


def test_footnote_numbers_follow_the_text(page_of: Callable[[str], str]) -> None:
    numbers = [
        int(n)
        for n in re.findall(r'<a class="cite"[^>]*><span class="sr">record </span>(\d+)</a>', page_of("incident"))
    ]
    firsts = list(dict.fromkeys(numbers))
    assert firsts == sorted(firsts) == list(range(1, len(firsts) + 1))


def test_hostile_text_is_shown_and_inert(samples: ModuleType, page_of: Callable[[str], str]) -> None:
    page = page_of("hostile")
    assert "&lt;script&gt;document.title=" in page
    assert "{{7*7}}" in page
    assert '<span class="u" title="right-to-left override">U+202E</span>' in page
    assert '<span class="mixed" title="letters of Cyrillic and Latin">' in page
    body = page.partition("<script type=")[0].partition("</style>")[2]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ue000-\uf8ff]", page)
    assert "A" * 13_000 not in page
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", body.replace("&#34;", ""))


def test_the_quiet_case_says_so(page_of: Callable[[str], str]) -> None:
    page = page_of("quiet")
    for words in (
        "No mining episode was found",
        "There is no mining episode to attribute.",
        "No gap was found.",
        "The evidence holds no rows to show.",
        "No audit was run.",
    ):
        assert words in page
    assert "timeline-rows" not in page.partition("<script>")[0]
    assert 'class="banner"' not in page


def test_two_incidents_are_told_apart(page_of: Callable[[str], str]) -> None:
    page = page_of("intruder")
    assert page.count("Incident 1 of 2: ") == page.count("Incident 2 of 2: ") == 4
    assert "Calibrated on the labelled suite of made cases" in page


def test_unbalanced_books_are_an_alarm(samples: ModuleType) -> None:
    base = samples.incident_model(3)
    first, *others = base.sources
    page = render(replace(base, sources=(replace(first, bytes=first.bytes + 1), *others))).decode()
    assert "The books of 1 source do not balance." in page
    assert "Every byte is accounted for." not in page


def test_likelihood_and_strength_are_never_one_sentence(page_of: Callable[[str], str]) -> None:
    for name in ("incident", "intruder"):
        text = re.sub(r"<[^>]+>", "|", page_of(name).partition("</style>")[2])
        for sentence in re.split(r"[.|]", text):
            assert not (re.search(r"\bC[0-6]\b", sentence) and re.search(r"\blikely|\bcertain\b|\bchance\b", sentence))


def test_the_same_model_gives_the_same_bytes() -> None:
    script = str(Path(__file__).with_name("sample_model.py"))
    digests = set()
    for seed, zone, locale in (("0", "UTC", "C"), ("4711", "Asia/Kolkata", "C.UTF-8")):
        for name in ("incident", "hostile"):
            environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
            done = subprocess.run([sys.executable, script, name], capture_output=True, check=True, env=environment)
            assert done.stderr == b""
            digests.add((name, hashlib.sha256(done.stdout).hexdigest()))
    assert len(digests) == 2


def test_other_settings_of_matplotlib_change_nothing(samples: ModuleType, page_of: Callable[[str], str]) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 40, "svg.fonttype": "path", "timezone": "Asia/Tokyo", "lines.linewidth": 9}):
        assert render(samples.incident_model()).decode() == page_of("incident")


def test_a_model_at_odds_is_not_rendered(samples: ModuleType) -> None:
    with pytest.raises(ModelFault):
        render(replace(samples.incident_model(3), incidents=()))


@pytest.fixture
def environment() -> Environment:
    return rendering._environment(Citations("x"))


def test_a_missing_name_is_an_error(environment: Environment) -> None:
    with pytest.raises(UndefinedError):
        environment.from_string("{{ nothing }}").render()


@pytest.mark.parametrize("value", [1.5, None, True, ["x"], object()])
def test_only_text_numbers_and_markup_are_printed(environment: Environment, value: object) -> None:
    with pytest.raises((TypeError, TemplateRuntimeError)):
        environment.from_string("{{ value }}").render(value=value)


def test_every_printed_text_is_made_safe(environment: Environment) -> None:
    shown = environment.from_string("{{ a }}|{{ a ~ 1 }}|{{ a|replace('x', 'y') }}|{{ (a,)|first }}").render(
        a="<\u202ex"
    )
    assert shown.count("U+202E</span>") == 4
    assert "\u202e" not in shown
    assert "&lt;" in shown


def templates() -> list[tuple[str, str]]:
    folder = resources.files("reports").joinpath("templates")
    return sorted((item.name, item.read_text("utf-8")) for item in folder.iterdir() if item.name.endswith(".j2"))


@pytest.mark.parametrize(("name", "text"), templates(), ids=lambda value: value if len(value) < 30 else "")
def test_template_rules(name: str, text: str) -> None:
    assert "|safe" not in text
    assert "|tojson" not in text
    assert not re.search(r"=\s*\{\{", text), "an attribute without quotes"
    assert not re.search(r"\sstyle=|\son\w+=|https?://", text)
    # an attribute prints through |attr, |anchor, or is a number or a word of ours
    for attribute, inner in re.findall(r'([\w-]+)="([^"]*\{\{[^"]*)"', re.sub(r"\{%.*?%\}", "", text)):
        for expression in re.findall(r"\{\{(.*?)\}\}", inner):
            ours = re.search(
                r"\|(attr|anchor|int)\s*$|^ band\.|^ part\.(begin|width)|^ \(band|loop\.index0|^ '|' if ", expression
            )
            assert ours, f"{name}: {attribute} prints {expression}"


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def colours() -> dict[str, tuple[str, str]]:
    css = resources.files("reports").joinpath("static", "report.css").read_text("utf-8")
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", css)
    plain = dict(re.findall(r"--([\w-]+): (#\w{6});", css))
    assert {name: light for name, light, _ in found} == {name: plain[name] for name, _, _ in found}
    return {name: (light, dark) for name, light, dark in found}


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back"),
    [
        *[(ink, ground) for ink in ("ink", "soft", "accent", "alarm") for ground in ("paper", "panel", "well")],
        *[(ink, f"{ink}-well") for ink in ("accent", "alarm", "calm", "caution")],
        ("soft", "accent-well"),
        ("ink", "accent-well"),
        ("paper", "accent"),
    ],
)
def test_text_contrast_is_enough(theme: int, front: str, back: str) -> None:
    known = colours()
    assert contrast(known[front][theme], known[back][theme]) >= 4.5


def test_chart_colours_stand_out_in_both_themes() -> None:
    from reports.figures import PALETTE

    known = colours()
    css = resources.files("reports").joinpath("static", "report.css").read_text("utf-8")
    for index, colour in enumerate(PALETTE):
        assert min(contrast(colour, ground) for ground in known["paper"]) >= 3
        assert f".key-{index} {{ --key: {colour}; }}" in css
