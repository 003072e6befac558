"""The page in a real browser: it draws, asks for nothing, runs nothing, fits, prints, and reads."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from bitpath_cli.model.configuration import Configuration
from bitpath_cli.model.report import HostIdentity, Note, Report
from bitpath_cli.renderers.html import RENDERER
from tests.renderers.browser import open_browser, visit
from tests.renderers.rich_report import rich_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Scheme = Literal["light", "dark"]
HOSTILE = (
    "<script>window.ran=1</script><img src=x onerror='window.ran=2'>"
    "\"><svg onload='window.ran=3'></svg></title></style><style>body{display:none}</style>"
    "javascript:window.ran=4{{7*7}}$\\frac{1}{"
)
CONTRAST = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => {
      part /= 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
  };
  const light = colour => { const [r, g, b] = rgb(colour); return 0.2126*r + 0.7152*g + 0.0722*b; };
  const page = getComputedStyle(document.body).backgroundColor;
  const poor = new Set();
  for (const node of document.querySelectorAll('body *')) {
    const inChart = node.namespaceURI.endsWith('svg');
    if (![...node.childNodes].some(each => each.nodeType === 3 && each.data.trim())) continue;
    if (['title', 'desc'].includes(node.localName)) continue;
    const style = getComputedStyle(node);
    const ink = light(inChart ? style.fill : style.color);
    const box = node.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const shades = inChart ? [...node.closest('svg').querySelectorAll('[fill^="var(--heat"]')] : [];
    const below = shades.find(each => {
      const square = each.getBoundingClientRect();
      return square.left < x && x < square.right && square.top < y && y < square.bottom;
    });
    const ground = below ? getComputedStyle(below).fill : page;
    const paper = light(ground);
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) poor.add(`${node.localName} on ${ground} ${ratio.toFixed(2)}`);
  }
  return [...poor];
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("page"), rich_report())


def written(folder: Path, report: Report) -> Path:
    path = folder / "report.html"
    path.write_text(RENDERER.render(report), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_asks_for_nothing_complains_of_nothing_and_fits(
    browser: "Browser", page: Path, scheme: Scheme, width: int
) -> None:
    with visit(browser, page, width, scheme) as seen:
        assert seen.requests == [page.as_uri()]
        assert seen.complaints == []
        assert seen.ask("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_can_be_told_from_the_paper(
    browser: "Browser", page: Path, scheme: Scheme
) -> None:
    with visit(browser, page, scheme=scheme) as seen:
        assert seen.ask(CONTRAST) == []


def test_charts_follow_light_and_dark(browser: "Browser", page: Path) -> None:
    fill = "getComputedStyle(document.querySelector('svg.chart text')).fill"
    stroke = "getComputedStyle(document.querySelector('svg.chart path[stroke]')).stroke"
    found = []
    for scheme in ("light", "dark"):
        with visit(browser, page, scheme=scheme) as seen:
            found.append((seen.ask(fill), seen.ask(stroke)))
    (light_fill, light_stroke), (dark_fill, dark_stroke) = found
    assert light_fill != dark_fill
    assert light_stroke != dark_stroke


def test_the_policy_lets_the_style_through_and_no_script(browser: "Browser", page: Path) -> None:
    with visit(browser, page) as seen:
        assert seen.ask("getComputedStyle(document.querySelector('.page')).maxWidth") == "1120px"
        seen.page.evaluate(
            "() => { const it = document.createElement('script'); it.textContent = 'window.ran=1';"
            " document.body.append(it); }"
        )
        assert seen.ask("window.ran === undefined")


def test_a_hostile_report_runs_nothing_and_is_shown_as_text(
    browser: "Browser", tmp_path: Path
) -> None:
    report = hostile()
    with visit(browser, written(tmp_path, report)) as seen:
        assert seen.ask("window.ran === undefined")
        assert seen.ask("document.scripts.length") == 0
        assert seen.ask("getComputedStyle(document.body).display") == "block"
        assert seen.complaints == []
        assert seen.requests == [(tmp_path / "report.html").as_uri()]
        assert "<script>window.ran=1</script>" in seen.page.inner_text("h1")
        assert "{{7*7}}" in seen.page.inner_text("#notes")
        # An unescaped element or a formula that was typeset would leave other text in the charts.
        assert "<script>" in seen.ask(
            "[...document.querySelectorAll('svg.chart text')].map(each => each.textContent).join()"
        )


def hostile() -> Report:
    """A report in which everything that has a name calls itself by an attack."""
    report = rich_report()
    advice = report.recommendations[0]
    winner = Configuration.model_validate({**advice.candidates[0].configuration.model_dump(),
                                           "label": HOSTILE})  # fmt: skip
    first = advice.candidates[0].model_copy(update={"configuration": winner})
    advice = advice.model_copy(
        update={
            "workload": HOSTILE, "site": HOSTILE, "summary": HOSTILE, "winner": winner,
            "candidates": (first, *advice.candidates[1:]), "references_explained": HOSTILE,
            "sensitivities": tuple(
                each.model_copy(update={"resource": HOSTILE, "sentence": HOSTILE})
                for each in advice.sensitivities
            ),
        }
    )  # fmt: skip
    results = tuple(
        each.model_copy(update={"parameters": {**each.parameters, "dtype": HOSTILE, "op": HOSTILE}})
        for each in report.results
    )
    return report.model_copy(
        update={
            "host": HostIdentity(name=HOSTILE, fingerprint=HOSTILE), "results": results,
            "recommendations": (advice,), "recommendation": advice,
            "notes": (Note(level="warning", text=HOSTILE, next_step=HOSTILE),),
        }
    )  # fmt: skip


def test_landmarks_headings_and_names_are_there_for_a_screen_reader(
    browser: "Browser", page: Path
) -> None:
    with visit(browser, page) as seen:
        assert seen.ask("['header','nav','main','footer'].map(each =>"
                        " document.querySelectorAll(each).length)") == [1, 1, 1, 1]  # fmt: skip
        assert seen.ask("document.documentElement.lang") == "en"
        assert seen.ask("document.querySelectorAll('h1').length") == 1
        levels = seen.ask("[...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1])")
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        assert seen.ask("[...document.querySelectorAll('table')].filter(each => !each.caption ||"
                        " !each.caption.textContent.trim() || [...each.querySelectorAll('th')]"
                        ".some(head => !head.scope)).length") == 0  # fmt: skip
        assert seen.ask("[...document.querySelectorAll('svg.chart')].filter(each =>"
                        " each.getAttribute('role') !== 'img' || ['labelledby','describedby'].some("
                        "by => !document.getElementById(each.getAttribute('aria-' + by))"
                        "?.textContent.trim())).length") == 0  # fmt: skip
        ids = seen.ask("[...document.querySelectorAll('[id]')].map(each => each.id)")
        assert len(ids) == len(set(ids))
        targets = seen.ask("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
        assert {target.removeprefix("#") for target in targets} <= set(ids)


def test_a_screen_reader_is_told_each_charts_name(browser: "Browser", page: Path) -> None:
    with visit(browser, page) as seen:
        told = seen.page.locator("main").aria_snapshot()
    for name in ("Roofline of this host", "What each strategy pays for", "all reduce over gloo"):
        assert f'img "{name}' in told


def test_the_keyboard_goes_through_it_in_reading_order(browser: "Browser", page: Path) -> None:
    with visit(browser, page) as seen:
        places = []
        for _ in range(25):
            seen.page.keyboard.press("Tab")
            places.append(seen.ask("(() => { const at = document.activeElement; return [at.tagName,"
                                   " at.getBoundingClientRect().top + scrollY]; })()"))  # fmt: skip
        assert places[0][0] == "A"
        heights = [place for _, place in places[1:]]
        assert {tag for tag, _ in places} == {"A", "DIV", "SUMMARY"}
        assert heights[:5] == sorted(heights[:5])
        seen.page.keyboard.press("Shift+Tab")
        seen.page.locator(".skip").focus()
        assert seen.ask("document.querySelector('.skip').getBoundingClientRect().left") >= 0
        seen.page.keyboard.press("Enter")
        assert seen.ask("document.activeElement.id") == "main"


def test_numbers_in_charts_can_be_selected(browser: "Browser", page: Path) -> None:
    with visit(browser, page) as seen:
        seen.page.locator("svg.chart text", has_text="480 GFLOP/s").first.click(click_count=3)
        assert "480" in seen.ask("getSelection().toString()")


def test_it_prints_in_black_on_white_without_what_a_printer_cannot_open(
    browser: "Browser", page: Path
) -> None:
    with visit(browser, page, width=680, scheme="dark") as seen:
        seen.page.emulate_media(media="print", color_scheme="light")
        assert seen.ask("document.documentElement.scrollWidth") <= 680
        assert not seen.page.locator("nav").is_visible()
        printed = seen.page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") >= 2
