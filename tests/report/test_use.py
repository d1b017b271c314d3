"""Using a report in a browser: views of topics, search, filters, keys, saved figures, and paper."""

import string
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib").use("agg")

from hftopic import Corpus, ProdLDA, make_correlated_topics  # noqa: E402
from hftopic.analysis import topic_summary, topics_by_label, topics_over_time  # noqa: E402
from hftopic.report import write_report  # noqa: E402

N = 160
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Texts in which the words of a document follow each other in the order of the vocabulary."""
    planted = make_correlated_topics(N, groups=(3, 3), n_words=60, random_state=0).corpus
    words = np.array([f"word{i:02}" for i in range(60)])
    counts = planted.counts.toarray().astype(int)
    texts = ["Start " + " ".join(np.repeat(words, row)) + f"\nend {i}" for i, row in enumerate(counts)]
    return Corpus(
        counts,
        words,
        labels=np.array(["first", "second"])[np.arange(N) % 2],
        names=[f"paper {i}" for i in range(N)],
        texts=texts,
        dates=[str(2000 + i // 40) for i in range(N)],
    )


@pytest.fixture(scope="module")
def model(corpus: Corpus) -> ProdLDA:
    return ProdLDA(groups=(3, 3), max_iter=6, batch_size=32, random_state=0).fit(corpus)


@pytest.fixture(scope="module")
def report(model: ProdLDA, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("use") / "report.html"
    settings: dict[str, Any] = {"measures": "u_mass", "n_permutations": 19, "topics": "all"}
    return write_report(model, corpus, path, n_documents=N, **settings).path


def names_of(page: Any) -> list[int]:
    return [int(name.split()[1]) for name in page.locator("#results .document h3 bdi").all_inner_texts()]


@pytest.mark.parametrize(
    "place", ["#summary .sentences", "#topics .card h4", "#correlation svg", "#active svg"]
)
def test_topics_open_their_own_view_from_everywhere(report: Path, visit: Any, place: str) -> None:
    seen = visit(report)
    page = seen.page
    link = page.locator(f"{place} a[href^='#topic-']").first
    topic = link.get_attribute("href").removeprefix("#topic-")
    link.dispatch_event("click")
    assert page.locator("#view").is_visible()
    title = page.locator("#view-title").inner_text()
    assert title.split()[0] == topic
    assert page.locator("#topic-" + topic).locator("h4").inner_text() == title
    page.wait_for_function("topic => location.hash === '#topic-' + topic", arg=topic)
    page.keyboard.press("Escape")
    page.wait_for_function("!location.hash.startsWith('#topic-')")  # once the closed dialog has said so
    assert not page.locator("#view").is_visible()
    assert seen.complaints == []


def test_a_view_has_the_numbers_of_the_analysis(
    report: Path, model: ProdLDA, corpus: Corpus, visit: Any
) -> None:
    page = visit(report).page
    page.locator("#topic-2 h4 a").click()
    view = page.locator("#view")
    assert view.locator(".document").count() == 5
    by_label = topics_by_label(model, corpus, topics="all")[2]
    labels, values = (view.locator(f".by-label .{part}").all_inner_texts() for part in ("word", "value"))
    shown = dict(zip(labels, values, strict=True))
    assert shown == {label: f"{100 * mean:.1f}%" for label, mean in by_label.items()}
    over_time = topics_over_time(model, corpus, topics="all")
    tips = view.locator("circle title").all_text_contents()
    assert [tip.split(" ±")[0] for tip in tips] == [
        f"{period}: {100 * mean:.1f}%" for period, mean in over_time[2].items()
    ]
    assert all(tip.endswith(f"{n} documents") for tip, n in zip(tips, over_time["documents"], strict=True))


def test_the_slider_ranks_by_frequency_and_by_exclusivity(
    report: Path, model: ProdLDA, corpus: Corpus, visit: Any
) -> None:
    page = visit(report).page
    page.locator("#topic-1 h4 a").click()
    slider = page.locator("#balance")
    probability = model.word_scores(by="probability")[1]
    log_lift = np.full(60, -np.inf)
    common = np.bincount(corpus.counts.indices, minlength=60) > 1
    np.divide(model.word_scores()[1], probability, out=log_lift, where=common & (probability > 0))
    for balance, score in (("1", probability), ("0", log_lift)):
        slider.fill(balance)
        words = page.locator(".view-words .word").all_inner_texts()
        expected = [f"word{i:02}" for i in np.argsort(-score, kind="stable")[: len(words)]]
        assert words == expected
        assert len(words) == 20


def test_links_in_a_view_lead_on_and_the_back_button_returns(report: Path, visit: Any) -> None:
    page = visit(report).page
    page.locator("#topic-0 h4 a").click()
    page.locator("#next").click()
    second = page.locator("#view-title").inner_text()
    assert second != page.locator("#topic-0 h4").inner_text()
    page.go_back()
    assert page.locator("#view-title").inner_text() == page.locator("#topic-0 h4").inner_text()
    page.go_back()
    assert not page.locator("#view").is_visible()


def test_an_address_with_a_topic_opens_it(report: Path, visit: Any) -> None:
    page = visit(report).page
    page.goto(report.as_uri() + "#topic-4")
    page.reload()
    page.wait_for_selector("#view[open]")
    assert page.locator("#view-title .number").inner_text() == "4"


def test_a_word_finds_the_topics_to_which_it_is_relevant(
    report: Path, model: ProdLDA, corpus: Corpus, visit: Any
) -> None:
    page = visit(report).page
    page.locator("#find-words").fill("word07")
    page.keyboard.press("Enter")
    found = page.locator("#found-topics a")
    relevance = model.word_scores()[:, 7]
    expected = [topic for topic in np.argsort(-relevance) if relevance[topic] > 5e-6]
    assert [link.get_attribute("href") for link in found.all()] == [f"#topic-{topic}" for topic in expected]
    assert names_of(page)[:20] == np.flatnonzero(corpus.counts[:, [7]].toarray().ravel())[:20].tolist()
    assert page.locator("#results mark.hit").first.inner_text() == "word07"
    page.locator("#query").fill("nowhere")
    assert page.locator("#found-topics a").count() == 0


def test_a_phrase_is_found_in_its_order_only(report: Path, corpus: Corpus, visit: Any) -> None:
    page = visit(report).page
    query = page.locator("#query")
    query.fill('"end 7"')
    assert names_of(page) == [7]
    query.fill('"end 7')  # a phrase that is still being written
    assert 7 in names_of(page)
    query.fill('"7 end"')
    assert page.locator("#found").inner_text() == f"0 of {N} documents"
    words = corpus.vocabulary[np.flatnonzero(corpus.counts[[0]].toarray().ravel())[:2]]
    query.fill(f'"{words[0]} {words[1]}"')
    assert 0 in names_of(page)
    query.fill(f'"{words[1]} {words[0]}"')
    assert 0 not in names_of(page)


def test_every_sign_is_searched_for_as_it_is_written(tmp_path: Path, visit: Any) -> None:
    """Signs mean nothing in a search, alone, between letters, and in the words of the model."""
    signs, n = string.punctuation.replace('"', ""), 40
    words = [f"a{sign}b" for sign in signs]
    counts = np.random.default_rng(0).poisson(0.4, (n, len(words)))
    counts[:, 0] += counts.sum(axis=1) == 0
    texts = [" ".join(np.repeat(np.array(words), row)) for row in counts]
    odd = Corpus(counts, words, texts=texts, names=[f"paper {i}" for i in range(n)])
    model = ProdLDA(groups=(2, 2), max_iter=2, batch_size=20, random_state=0).fit(odd)
    path = tmp_path / "signs.html"
    write_report(model, odd, path, topics="all", measures="u_mass", n_permutations=19, n_words=5)
    seen = visit(path)
    for column, sign in enumerate(signs):
        expected = int((counts[:, column] > 0).sum())
        for query in (sign, f"a{sign}b", f'"a{sign}b"'):
            seen.page.locator("#query").fill(query)
            assert seen.page.locator("#found").inner_text() == f"{expected} of {n} documents", query
    assert seen.complaints == []


def test_filters_by_label_time_and_group(report: Path, visit: Any) -> None:
    page = visit(report).page
    page.locator("#of-label").select_option("second")
    page.locator("#from").select_option("2001")
    page.locator("#to").select_option("2002")
    expected = [i for i in range(40, 120) if i % 2]
    assert page.locator("#found").inner_text() == f"{len(expected)} of {N} documents"
    assert names_of(page) == expected[:20]
    page.locator("#of-group").select_option("1")
    names = names_of(page)
    assert set(names) <= set(expected)
    chips = page.locator("#results .document").first.locator(".chip").all()
    assert any(int(chip.get_attribute("href").split("-")[1]) >= 3 for chip in chips)


def test_a_start_after_the_end_is_told(report: Path, visit: Any) -> None:
    page = visit(report).page
    page.locator("#from").select_option("2002")
    page.locator("#to").select_option("2001")
    assert page.locator("#found").inner_text() == f"0 of {N} documents; the start is after the end"
    page.locator("#to").select_option("2002")
    assert page.locator("#found").inner_text() == f"40 of {N} documents"


def test_the_address_of_a_topic_that_has_no_view_says_why(
    model: ProdLDA, corpus: Corpus, tmp_path: Path, visit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = topic_summary(model, corpus, n_words=10).assign(active=True, duplicate=False)
    summary.loc[5, "active"] = False
    monkeypatch.setattr("hftopic.report.findings.topic_summary", lambda *_, **__: summary)
    path = tmp_path / "left-out.html"
    write_report(model, corpus, path, measures="u_mass", n_permutations=19)
    page = visit(path).page
    for topic, reason in (
        (5, "Topic 5 is left out of this report: not active"),
        (999, "There is no topic 999"),
    ):
        page.goto(f"{path.as_uri()}#topic-{topic}")
        page.wait_for_function("document.getElementById('notice').textContent")
        assert page.locator("#notice").inner_text() == reason
        assert not page.locator("#view").is_visible()
    page.locator("#topic-0 h4 a").click()
    assert not page.locator("#notice").is_visible()


def test_weeks_have_their_first_day_and_documents_their_own(
    model: ProdLDA, corpus: Corpus, tmp_path: Path, visit: Any
) -> None:
    days = np.datetime64("1993-02-01") + np.arange(N) // 2  # from a Monday on, for twelve weeks
    path = tmp_path / "weeks.html"
    settings: dict[str, Any] = {"measures": "u_mass", "n_permutations": 19, "topics": "all"}
    write_report(model, corpus, path, dates=days.astype(str).tolist(), n_documents=N, **settings)
    assert "/1993" not in path.read_text(encoding="utf-8")
    for width in (1280, 390):
        page = visit(path, width=width).page
        assert page.locator("#from option").all_inner_texts()[1:3] == ["1993-02-01", "1993-02-08"]
        page.locator("#query").fill('"end 77"')
        assert page.locator("#results .document .time").inner_text() == str(days[77])
        page.locator("#topic-2 h4 a").click()
        texts = page.locator("#view figure svg text").all()
        boxes = [text.bounding_box() for text in texts if text.inner_html().startswith("1993")]
        assert len(boxes) > 1
        for left, right in pairwise(boxes):
            assert left["x"] + left["width"] < right["x"]
        assert min(box["height"] for box in boxes) > 8  # large enough to be read
        heights = [text.inner_html() for text in texts if text.inner_html().endswith("%")]
        steps = np.diff([float(height.rstrip("%")) for height in heights])
        assert np.allclose(steps, steps[0])
        assert f"{steps[0]:.0e}"[0] in "125"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_are_saved_with_the_colours_of_the_screen(report: Path, visit: Any, scheme: str) -> None:
    seen = visit(report, color_scheme=scheme)
    page = seen.page
    saved = {}
    for form in ("svg", "png"):
        with page.expect_download() as waiting:
            page.locator(f"#correlation .save-figure[data-format={form}]").click()
        assert waiting.value.suggested_filename == f"correlations.{form}"
        saved[form] = Path(waiting.value.path()).read_bytes()
    assert saved["png"].startswith(PNG)
    assert len(saved["png"]) > 5000
    drawing = ElementTree.fromstring(saved["svg"])
    assert drawing.tag.endswith("svg")
    assert b"var(--" not in saved["svg"]
    paper = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()")
    assert f"fill: {paper}".encode() in saved["svg"]
    page.locator("#topic-0 h4 a").click()
    with page.expect_download() as waiting:
        page.locator("#view .save-figure[data-format=png]").click()
    assert waiting.value.suggested_filename == "topic-0-over-time.png"
    assert seen.complaints == []
    assert all(request.startswith(("file:", "data:", "blob:")) for request in seen.requests)


STOPS = """[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')]
    .filter((e) => e.tabIndex >= 0 && e.getClientRects().length).length"""


def test_groups_are_tab_stops_and_arrow_keys_move_inside(report: Path, visit: Any) -> None:
    page = visit(report).page
    links = page.locator("a[href], button").count()
    assert page.evaluate(STOPS) < 70 < links
    group = page.locator("nav ul a")
    group.first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.hash") == "#topics"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.hash") == "#making"
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.hash") == "#summary"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('nav')") is None
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.hash") == "#summary"


def test_every_stop_is_reached_by_tab_and_has_a_visible_focus(report: Path, visit: Any) -> None:
    page = visit(report).page
    n_stops = page.evaluate(STOPS)
    page.locator("a.skip").focus()
    reached = set()
    for _ in range(n_stops):
        reached.add(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        page.keyboard.press("Tab")
    assert len(reached) == n_stops


def test_a_view_is_used_with_keys_alone_and_gives_the_focus_back(report: Path, visit: Any) -> None:
    page = visit(report).page
    card = page.locator(".card h4 a").first
    card.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.getElementById('view').contains(document.activeElement)")
    for _ in range(30):
        page.keyboard.press("Tab")
        outside = "document.activeElement.closest('main, nav, header:not(dialog header)')"
        assert page.evaluate(f"{outside} === null || {outside}.closest('dialog') !== null")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.closest('.card').id") == card.evaluate(
        "a => a.closest('.card').id"
    )


def test_cells_of_the_matrix_are_walked_by_arrow_keys(report: Path, visit: Any) -> None:
    page = visit(report).page
    page.locator("#correlation svg a").first.focus()
    place = "(() => { const b = document.activeElement.getBoundingClientRect(); return [b.x, b.y]; })()"
    x, y = page.evaluate(place)
    page.keyboard.press("ArrowRight" if x < 400 else "ArrowLeft")
    moved = page.evaluate(place)
    assert moved != [x, y]
    assert page.evaluate("document.activeElement.tagName") == "a"
    page.keyboard.press("Enter")
    assert page.locator("#view").is_visible()


@pytest.mark.parametrize("width", [360, 390])
def test_nothing_is_off_the_screen_of_a_phone(report: Path, visit: Any, width: int) -> None:
    """What is wider than the screen scrolls in a box of its own; the view of a topic fits too."""
    page = visit(report, width=width, height=740).page
    wide = f"""[...document.querySelectorAll('body *')]
        .filter((e) => e.getClientRects().length && e.getBoundingClientRect().right > {width} + 1)
        .filter((e) => !e.closest('.scroll, nav, .skip')).map((e) => e.outerHTML.slice(0, 90))"""
    assert page.evaluate(wide) == []
    page.locator("#topic-0 h4 a").click()
    assert page.evaluate(wide) == []
    assert page.evaluate("document.getElementById('view').scrollWidth") <= width


def test_paper_has_all_sections_open_and_fits(report: Path, visit: Any) -> None:
    page = visit(report, width=720).page
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert page.locator("details:not([open])").count() == 0
    for control in ("nav", ".tools", ".search", "#find", ".to-documents", "#documents"):
        for found in page.locator(control).all():
            assert not found.is_visible(), control
    for section in ("summary", "topics", "correlation", "labels", "times", "coherence", "making"):
        assert page.locator(f"#{section}").is_visible()
    page.emulate_media(media="screen")
    page.locator("#topic-0 h4 a").click()
    page.emulate_media(media="print")
    assert page.locator("#view").is_visible()
    assert not page.locator("main").is_visible()


SPLIT = """[...document.querySelectorAll('th .sort')].flatMap((button) => {
    const text = button.firstChild, range = document.createRange(), split = [];
    for (const word of text.data.matchAll(/[^\\s-]+/g)) {
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        if (range.getClientRects().length > 1) split.push(word[0]);
    }
    return split;
})"""


def test_words_of_headings_are_whole_on_paper_and_long_tables_are_cut(report: Path, visit: Any) -> None:
    page = visit(report, width=700).page  # A4 without its margins
    page.emulate_media(media="print")
    assert page.evaluate(SPLIT) == []
    assert page.evaluate("[...document.styleSheets[0].cssRules].some((r) => r.type === CSSRule.PAGE_RULE)")
    rows = "[...document.querySelectorAll('#pairs tbody tr')].filter((e) => e.getClientRects().length).length"
    n_pairs = page.locator("#pairs tbody tr").count()
    assert page.evaluate(rows) == min(n_pairs, 30)
    page.locator("#pairs tbody").evaluate(
        "(body) => { for (let i = 0; i < 40; i++) body.append(body.rows[0].cloneNode(true)); }"
    )
    assert page.evaluate(rows) == 30
    told = "getComputedStyle(document.querySelector('#pairs .scroll'), '::after').content"
    assert "has all" in page.evaluate(told)


def test_a_browser_that_cannot_unpack_says_so_and_shows_the_rest(report: Path, browser: Any) -> None:
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(report.as_uri())
    page.wait_for_function("document.getElementById('found').textContent")
    assert "cannot unpack the documents" in page.locator("#found").inner_text()
    page.locator("#topic-0 h4 a").click()
    assert page.locator("#topic-0").is_visible()
    assert not page.locator("#view").is_visible()
    page.close()


def test_the_page_works_in_the_frame_of_a_notebook(report: Path, browser: Any, tmp_path: Path) -> None:
    from hftopic.report import Report

    shown = Report(report, report.stat().st_size)._repr_html_()
    (tmp_path / "notebook.html").write_text(f"<!DOCTYPE html><p>cell</p>{shown}", encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "notebook.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("html.ready").wait_for(state="attached")
    frame.locator(".card h4 a").first.click()
    assert frame.locator("#view").is_visible()
    frame.locator("#close").click()
    frame.locator("nav a").nth(3).click()
    assert frame.locator("h1").inner_text() == "Topics"
    page.close()


def test_the_policy_allows_the_script_of_the_page_and_nothing_else(report: Path) -> None:
    page = report.read_text(encoding="utf-8")
    policy = page.split('http-equiv="Content-Security-Policy" content="')[1].split('"')[0]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts.pop("script-src").startswith("'sha256-")
    assert parts == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
