# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages in Chromium: on a phone and on a wide screen, light and dark, with few rows and with ten thousand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import PROGRAM, Browser, Tab, chromium
from tests.browser.pages import BIDI, LONG_NAME, health, site

PHONE, WIDE = 390, 1280
PAINT_MS_MOST = 3000
BYTES_MOST = 6_000_000

pytestmark = [
    pytest.mark.skipif(PROGRAM is None and "REQUIRE_CHROMIUM" not in os.environ, reason="chromium is not installed"),
    # One browser, and one set of pages with ten thousand rows.
    pytest.mark.xdist_group("browser"),
]

ROWS = "[...document.querySelectorAll('#table > tbody > tr')]"
FIRST_CELLS = f"{ROWS}.map(row => row.cells[0].textContent)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Each text against its background, by the formula of WCAG 2.
CONTRASTS = """(() => {
  const parsed = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parsed(getComputedStyle(each).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = {};
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    const front = parsed(element instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(front), light(behind(element))].sort((x, y) => y - x);
    const key = `${element.tagName}.${element.className.baseVal ?? element.className}`;
    found[key] = Math.min(found[key] ?? 99, (a + 0.05) / (b + 0.05));
  }
  return found;
})()"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    texts = {"health": health(60), "overview": site(60), "health-10k": health(10_000), "overview-10k": site(10_000)}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("page", ["health", "overview", "overview-10k"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_nothing_is_beyond_the_side_of_the_screen(
    browser: Browser, pages: dict[str, Path], page: str, width: int
) -> None:
    assert browser.open(pages[page], width).run(OVERFLOW) <= 0


@pytest.mark.parametrize("page", ["health", "overview"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_the_worst_is_in_the_first_screen(browser: Browser, pages: dict[str, Path], page: str, width: int) -> None:
    tab = browser.open(pages[page], width, 844 if width == PHONE else 800)
    script = "[...document.querySelectorAll('.badge.bad')].map(each => each.getBoundingClientRect().bottom)"
    assert sum(bottom <= tab.run("window.innerHeight") for bottom in tab.run(script)) >= 2


@pytest.mark.parametrize("page", ["health", "overview", "overview-10k"])
def test_no_request_leaves_the_page_and_nothing_goes_wrong(browser: Browser, pages: dict[str, Path], page: str) -> None:
    tab = browser.open(pages[page], WIDE)
    tab.run("window.scrollTo(0, document.body.scrollHeight)")
    type_in(tab, "rack1")
    assert {url for url in tab.requested() if not url.startswith("data:")} == {pages[page].as_uri()}
    assert tab.complaints() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["health", "overview"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_every_text_has_contrast(browser: Browser, pages: dict[str, Path], page: str, width: int, scheme: str) -> None:
    found = browser.open(pages[page], width, scheme=scheme).run(CONTRASTS)
    assert len(found) > 10
    assert {what: ratio for what, ratio in found.items() if ratio < 4.5} == {}


def test_the_colours_follow_the_scheme(browser: Browser, pages: dict[str, Path]) -> None:
    script = "getComputedStyle(document.body).backgroundColor"
    colours = {browser.open(pages["health"], WIDE, scheme=scheme).run(script) for scheme in ("light", "dark")}
    assert len(colours) == 2


def test_it_filters_by_text_and_by_state(browser: Browser, pages: dict[str, Path]) -> None:
    tab = browser.open(pages["health-10k"], WIDE)
    type_in(tab, "RACK3-1 ok")
    assert all(name.startswith("rack3-1") for name in tab.run(FIRST_CELLS))
    assert tab.run("document.getElementById('count').textContent") == f"{tab.run(f'{ROWS}.length')} of 10000 rows"
    type_in(tab, "nothing of the kind")
    assert tab.run(FIRST_CELLS) == []
    type_in(tab, "")
    tab.run("document.querySelector('.counts button[data-word=warning]').click()")
    assert set(tab.run(f"{ROWS}.map(row => row.className)")) == {"warn"}
    assert tab.run("document.querySelector('.counts button[data-word=warning]').ariaPressed") == "true"
    tab.run("document.querySelector('.counts button[data-word=warning]').click()")
    assert tab.run("document.getElementById('count').textContent") == "10000 rows"


def test_it_sorts_up_down_and_back(browser: Browser, pages: dict[str, Path]) -> None:
    tab = browser.open(pages["health-10k"], WIDE)
    worst = tab.run(FIRST_CELLS)
    click = "document.querySelectorAll('#table > thead button')[{}].click()"
    tab.run(click.format(0))
    assert tab.run(FIRST_CELLS)[1:4] == ["rack1-01", "rack1-02", "rack1-03"]
    assert tab.run("document.querySelector('#table th').ariaSort") == "ascending"
    tab.run(click.format(0))
    assert tab.run(FIRST_CELLS)[:2] == ["rack209-16", "rack209-15"]
    tab.run(click.format(0))
    assert tab.run(FIRST_CELLS)[:100] == worst[:100]
    numbers = f"{ROWS}.map(row => row.querySelector('td[data-title=value]').textContent)"
    value = tab.run("[...document.querySelectorAll('#table th')].findIndex(each => each.textContent == 'value')")
    tab.run(click.format(value))
    tab.run(click.format(value))
    # Sorted as numbers, with empty values last in both directions.
    assert tab.run(numbers)[:2] == ["9.8", "9.8"]


def test_all_rows_are_there_once_one_scrolls(browser: Browser, pages: dict[str, Path]) -> None:
    tab = browser.open(pages["health-10k"], PHONE)
    type_in(tab, "rack1")
    expected = tab.run("document.getElementById('count').textContent").split(" ")[0]
    scroll = """(async () => {
      for (let turn = 0; turn < 200 && !document.getElementById("more").hidden; turn += 1) {
        window.scrollTo(0, document.body.scrollHeight);
        await new Promise((done) => setTimeout(done, 20));
      }
    })()"""
    tab.run(scroll)
    assert tab.run(f"{ROWS}.length") == int(expected)


@pytest.mark.parametrize("page", ["health-10k", "overview-10k"])
def test_ten_thousand_rows_are_painted_soon(browser: Browser, pages: dict[str, Path], page: str) -> None:
    assert pages[page].stat().st_size <= BYTES_MOST
    tab = browser.open(pages[page], WIDE)
    script = """new Promise((done) => new PerformanceObserver((list, observer) => {
      const [paint] = list.getEntriesByName("first-contentful-paint");
      if (paint) { observer.disconnect(); done(paint.startTime); }
    }).observe({ type: "paint", buffered: true }))"""
    assert tab.run(script) <= PAINT_MS_MOST


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_names_are_never_broken(browser: Browser, pages: dict[str, Path], width: int) -> None:
    tab = browser.open(pages["health"], width)
    script = f"""{ROWS}.map(row => row.cells[0].querySelector("bdi"))
      .map(name => [name.textContent, name.getClientRects().length, name.getBoundingClientRect().height])"""
    names = tab.run(script)
    assert LONG_NAME in [text for text, _lines, _height in names]
    assert {lines for _text, lines, _height in names} == {1}
    # A scroll bar within the card of a long name is allowed.
    assert max(height for _text, _lines, height in names) < 40


def test_hostile_text_is_shown_and_does_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    tab = browser.open(pages["health"], WIDE)
    shown = tab.run("document.body.innerText")
    assert "<b>[U+202E]fdp.exe[U+2066]</b>" in shown
    assert not set(BIDI) & set("\u202e\u2066") & set(shown)
    assert tab.run("document.querySelectorAll('#table b').length") == 0


def test_without_scripts_the_worst_rows_are_there(browser: Browser, pages: dict[str, Path]) -> None:
    """Looking at the page would take a script, so this reads the browser's accessibility tree."""
    tab = browser.open(pages["health-10k"], WIDE, scripts=False)
    tree = tab.call("Accessibility.getFullAXTree")["nodes"]
    texts = [str(node.get("name", {}).get("value", "")) for node in tree]
    assert any("the 100 worst of 10000 rows" in text for text in texts)
    assert texts.count("critical") >= 100


def type_in(tab: Tab, text: str) -> None:
    """Type into the filter."""
    tab.run(
        f"""(() => {{ const field = document.getElementById("filter"); field.value = {text!r};
        field.dispatchEvent(new Event("input", {{ bubbles: true }})); }})()"""
    )
