"""The page in a real browser: hostile evidence stays inert, the script does its work, nothing needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.browser

WIDTHS = (1440, 820, 390)


class Watch:
    """Everything a page did that it should not."""

    def __init__(self, page: Any) -> None:
        self.faults: list[str] = []
        page.on("console", lambda message: self.faults.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.faults.append("dialog"), dialog.dismiss()))
        page.on("popup", lambda _: self.faults.append("popup"))
        page.on("request", lambda request: self.requests.append(request.url))
        self.requests: list[str] = []


@contextmanager
def opened(browser: Any, url: str, **options: Any) -> Iterator[tuple[Any, Watch]]:
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)
    page = context.new_page()
    watch = Watch(page)
    page.goto(url)
    if options.get("java_script_enabled", True):
        page.locator("#explorer").wait_for(state="visible") if page.locator("#timeline-rows").count() else None
        page.wait_for_timeout(200)
    yield page, watch
    context.close()


@pytest.fixture
def show(browser: Any, files: Callable[[str], str]) -> Callable[..., Any]:
    return lambda name, **options: opened(browser, files(name) + options.pop("hash", ""), **options)


@pytest.mark.parametrize("name", ["incident", "quiet", "intruder", "hostile"])
def test_a_page_is_silent(show: Callable[..., Any], name: str) -> None:
    with show(name) as (page, watch):
        assert watch.faults == []
        assert len([url for url in watch.requests if not url.startswith("data:image/png")]) == 1
        assert page.evaluate("document.documentElement.classList.contains('js')")


def test_hostile_text_stays_text_under_use(show: Callable[..., Any], samples: ModuleType) -> None:
    with show("hostile") as (page, watch):
        title = page.title()
        assert title != "owned"
        assert page.locator("img, iframe, object, embed").count() == 0
        assert page.locator("script").count() == 1  # the packed rows are gone, nothing was added
        page.fill("#find-text", "script")
        page.wait_for_timeout(300)
        page.locator("#grid").press("Enter")
        assert page.locator("#sheet").is_visible()
        page.keyboard.press("Escape")
        for index in range(page.locator("#find-source option").count()):
            page.select_option("#find-source", index=index)
        page.click("#find-reset")
        for marker in page.locator("#verdict a.cite").all()[:6]:
            marker.click()
            assert page.locator("#sheet .card").count() == 1
            page.keyboard.press("Escape")
        assert page.title() == title
        assert page.locator("#grid .u").count() + page.locator("#grid .mixed").count() > 0
        assert page.locator("script").count() == 1
        assert watch.faults == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["incident", "hostile", "quiet"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_no_sideways_scroll(show: Callable[..., Any], name: str, width: int, scripts: bool) -> None:
    with show(name, viewport={"width": width, "height": 900}, java_script_enabled=scripts) as (page, _):
        box = page.locator("html").bounding_box()
        assert box["width"] == width
        wide = page.locator("main > section")
        assert all(section.bounding_box()["width"] <= width for section in wide.all())
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth") == width


def test_without_scripts_all_is_there(show: Callable[..., Any]) -> None:
    with show("incident", java_script_enabled=False) as (page, watch):
        assert watch.faults == []
        assert page.locator("#timeline-plain tbody tr").count() == 1500
        assert page.locator("#timeline-plain").is_visible()
        assert not page.locator("#explorer").is_visible()
        assert not page.locator("#theme").is_visible()
        page.locator("#verdict a.cite").first.click()
        assert page.url.endswith("#ref-" + page.locator(".card").nth(1).get_attribute("id").removeprefix("ref-"))
        assert page.locator(".card:target").is_visible()


def test_a_record_opens_beside_the_text(show: Callable[..., Any], samples: ModuleType) -> None:
    with show("incident") as (page, watch):
        marker = page.locator("#verdict a.cite").nth(1)
        marker.focus()
        page.keyboard.press("Enter")
        sheet = page.locator("#sheet")
        assert sheet.is_visible()
        assert samples.ref("history", 301) in sheet.inner_text()
        assert "bytes 93,310 to " in sheet.inner_text()
        assert page.url.endswith("#ref-" + samples.ref("history", 301).replace("#", "-"))
        assert page.evaluate("document.activeElement.id") == "sheet-title"
        page.keyboard.press("Escape")
        assert not sheet.is_visible()
        page.wait_for_function("!location.hash")  # going back is the browser's own time
        assert page.evaluate("document.activeElement.className") == "cite"
        assert watch.faults == []


def test_deep_links_open_records_and_rows(show: Callable[..., Any], samples: ModuleType) -> None:
    carded = samples.ref("audit", 88_120)
    with show("incident", hash="#ref-" + carded.replace("#", "-")) as (page, _):
        assert page.locator("#sheet .card").count() == 1
        assert carded in page.locator("#sheet").inner_text()
    row = samples.ref("history", 299)
    with show("incident", hash="#ref-" + row.replace("#", "-")) as (page, _):
        assert "unset HISTFILE" in page.locator("#sheet").inner_text()
        assert f"forensics show CASE {row}" in page.locator("#sheet").inner_text()


def found(page: Any) -> int:
    page.wait_for_timeout(250)
    return int(page.locator("#found").inner_text().split(" of ")[0].replace(",", ""))


def test_the_filter_finds_what_the_model_holds(show: Callable[..., Any], samples: ModuleType) -> None:
    timeline = samples.incident_model().timeline
    with show("incident") as (page, watch):
        assert found(page) == sum(stage != "" for stage in timeline.stage)  # it opens on the chain
        page.click("#find-reset")
        assert found(page) == len(timeline)
        page.fill("#find-text", "Execve PYTHON3")
        assert found(page) == sum("execve python3" in text for text in timeline.text)
        page.locator("#find-source").select_option(label=f"audit ({timeline.source.count('audit'):,})")
        page.fill("#find-text", "")
        assert found(page) == timeline.source.count("audit")
        page.locator("#find-stage").select_option(label=f"mining ({timeline.stage.count('mining'):,})")
        both = zip(timeline.source, timeline.stage, strict=True)
        assert found(page) == sum(pair == ("audit", "mining") for pair in both)
        page.click("#find-reset")
        assert found(page) == len(timeline)
        page.fill("#find-text", samples.ref("history", 299))
        assert found(page) == 1
        assert "between 2026-03-02 12:00:00 and 2026-03-02 15:00:00" in page.locator(".grid-row").inner_text()
        page.fill("#find-text", "nothing has this text")
        assert found(page) == 0
        page.locator("#grid").press("Enter")
        assert not page.locator("#sheet").is_visible()
        assert watch.faults == []


def test_zoom_by_button_and_by_hand(show: Callable[..., Any], samples: ModuleType) -> None:
    timeline = samples.incident_model().timeline
    with show("incident") as (page, watch):
        page.click("#find-reset")
        page.click("#zoom-in")
        begin, end = min(filter(None, timeline.us)), max(filter(None, timeline.us))
        quarter = (end - begin) / 4
        inside = [us for us in timeline.us if us and begin + quarter <= us <= end - quarter]
        assert abs(found(page) - len(inside)) <= 2
        assert " to " in page.locator("#zoom-range").inner_text()
        page.click("#zoom-all")
        assert found(page) == len(timeline)
        box = page.locator("#lanes").bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 10)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 10)
        page.mouse.up()
        assert 0 < found(page) < len(timeline)
        page.click("#zoom-out")
        page.click("#zoom-out")
        page.click("#zoom-out")
        page.click("#zoom-out")
        assert found(page) == len(timeline)
        assert watch.faults == []


def test_a_link_leads_to_what_was_chosen(show: Callable[..., Any], samples: ModuleType) -> None:
    timeline = samples.incident_model().timeline
    with show("incident") as (page, watch):
        page.fill("#find-text", "execve")
        page.locator("#find-stage").select_option(value="")
        page.locator("#find-source").select_option(label=f"audit ({timeline.source.count('audit'):,})")
        page.locator("#grid").focus()
        page.keyboard.press("+")
        before, fragment = found(page), page.url.partition("#")[2]
        zoomed = page.locator("#zoom-range").inner_text()
        page.locator("#grid").press("Enter")
        page.keyboard.press("Escape")
        assert page.url.endswith(fragment)  # a record that was opened and closed leaves it as it was
    with show("incident", hash="#" + fragment) as (page, watch):
        assert found(page) == before > 0
        assert page.locator("#zoom-range").inner_text() == zoomed
        assert page.locator("#find-text").input_value() == "execve"
        page.locator("#grid").press("0")
        assert found(page) > before
        assert watch.faults == []
    with show("incident", hash="#timeline?source=nobody&stage=%3Cb%3E&from=x&to=1") as (page, watch):
        assert found(page) == len(timeline)
        assert watch.faults == []


def test_the_grid_moves_by_keyboard(show: Callable[..., Any]) -> None:
    with show("incident") as (page, _):
        page.click("#find-reset")
        grid = page.locator("#grid")
        grid.focus()
        for key in ("ArrowDown", "ArrowDown", "ArrowUp", "PageDown", "End"):
            page.keyboard.press(key)
        page.wait_for_timeout(100)
        active = page.locator(".grid-row.active")
        assert active.get_attribute("id") == grid.get_attribute("aria-activedescendant")
        assert active.get_attribute("aria-rowindex") == grid.get_attribute("aria-rowcount")
        assert "time not known" in active.inner_text()
        assert page.locator(".grid-row").count() < 60
        page.keyboard.press("Home")
        page.wait_for_timeout(100)
        assert page.locator(".grid-row.active").get_attribute("aria-rowindex") == "2"


def test_a_hundred_thousand_rows(show: Callable[..., Any], samples: ModuleType) -> None:
    with show("many") as (page, watch):
        page.click("#find-reset")
        assert found(page) == len(samples.many_model().timeline)
        assert page.locator(".grid-row").count() < 60
        page.fill("#find-text", "--step 77777")
        assert found(page) <= 1
        page.fill("#find-text", "stratum submit")
        assert found(page) > 5_000
        page.locator("#grid").press("End")
        page.wait_for_timeout(100)
        assert page.locator(".grid-row.active").count() == 1
        assert watch.faults == []


def test_times_read_alike_in_both_timelines(show: Callable[..., Any], browser: Any) -> None:
    with show("quiet") as (page, _):
        assert page.locator("#explorer").count() == 0
    with show("intruder", java_script_enabled=False) as (plain, _):
        expected = [
            row.locator("td .time").first.inner_text() for row in plain.locator("#timeline-plain tr").all()[1:9]
        ]
    with show("intruder") as (page, _):
        page.click("#find-reset")
        page.wait_for_timeout(200)
        shown = [row.locator(".time").inner_text() for row in page.locator(".grid-row").all()[:8]]
    assert shown == expected


def test_themes(show: Callable[..., Any]) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with show("incident", color_scheme="light") as (page, _):
        light = page.evaluate(ground)
        page.click("#theme")
        page.click("#theme")
        assert page.locator("#theme").inner_text() == "Theme: dark"
        dark = page.evaluate(ground)
        assert light != dark
    with show("incident", color_scheme="dark") as (page, _):
        assert page.evaluate(ground) == dark
        page.click("#theme")
        assert page.evaluate(ground) == light


def test_on_paper(show: Callable[..., Any]) -> None:
    with show("incident") as (page, _):
        page.emulate_media(media="print")
        for hidden in ("#explorer", "#theme", ".contents", ".screen-only >> nth=0"):
            assert not page.locator(hidden).is_visible()
        assert page.locator("#timeline-plain").is_visible()
        assert page.locator("#timeline-plain tr:not(.screen-only)").count() == 151
        assert page.locator("#chain details.fold .listed").first.is_visible()
        assert len(page.pdf()) > 50_000
