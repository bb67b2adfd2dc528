"""axe-core, run in the browser on rendered reports, finds no fault: at every width, in light and dark.

The library is a development dependency from npm (tests/package.json; `npm ci --prefix tests` brings it); nothing is
fetched here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent.parent / "node_modules/axe-core/axe.min.js"
WIDTHS = (390, 820, 1440)
# cards of cited records are all alike, and a few hundred of them take axe minutes
CARDS = 12
FAULTS = """axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.flatMap(
    ({id, nodes}) => nodes.map(({target, failureSummary}) => `${id} at ${target}: ${failureSummary}`)))"""


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("axe-core is not here (npm ci --prefix tests)")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def faults_of(browser: Any, axe: str) -> Iterator[Callable[[str, int, str], list[str]]]:
    """What axe finds on a page at a width in a colour scheme, and whether it scrolls sideways; loaded once."""
    contexts: dict[str, Any] = {}

    def find(url: str, width: int, scheme: str) -> list[str]:
        if url not in contexts:
            contexts[url] = page = browser.new_context(bypass_csp=True).new_page()
            page.goto(url)
            page.locator("#explorer").wait_for(state="visible")
            page.evaluate(axe)
            page.evaluate(f"document.querySelectorAll('.card').forEach((card, at) => at < {CARDS} || card.remove())")
        page = contexts[url]
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(200)
        found: list[str] = page.evaluate(FAULTS)
        reach = page.evaluate("document.documentElement.scrollWidth")
        return found if reach == width else [*found, f"reaches {reach} px to the right"]

    yield find
    for page in contexts.values():
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_demo_report(faults_of: Callable[..., list[str]], small_demo: Path, width: int, scheme: str) -> None:
    assert faults_of((small_demo / "case/report/index.html").as_uri(), width, scheme) == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_a_complete_report(
    faults_of: Callable[..., list[str]], files: Callable[[str], str], width: int, scheme: str
) -> None:
    assert faults_of(files("intruder"), width, scheme) == []


def test_axe_sees_what_it_is_for(browser: Any, axe: str) -> None:
    page = browser.new_page()
    page.set_content("<html lang='en'><title>t</title><main><h1>t</h1><img src='data:,'></main></html>")
    page.evaluate(axe)
    assert any(fault.startswith("image-alt") for fault in page.evaluate(FAULTS))
    page.close()
