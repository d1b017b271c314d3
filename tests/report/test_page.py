"""Tests of reports in a browser: every section exists and works, and no word can run a script."""

import copy
import csv
import io
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib").use("agg")

from hftopic import (  # noqa: E402
    NVDM,
    Concrete,
    Corpus,
    DirichletLaplace,
    LearnedCorrelation,
    ProdLDA,
    corpus_from_texts,
    make_correlated_topics,
)
from hftopic.analysis import (  # noqa: E402
    topic_correlation,
    topic_summary,
    topics_of_documents,
)
from hftopic.analysis.used import left_out  # noqa: E402
from hftopic.report import write_report  # noqa: E402
from hftopic.topics.shares import in_use  # noqa: E402

SECTIONS = ["summary", "topics", "active", "correlation", "network", "map", "coherence", "labels", "times"]
SECTIONS += ["training", "documents", "making"]
HOSTILE = [
    "<script>window.harmed=1</script>",
    "</script><script>window.harmed=2</script>",
    '"><img src=x onerror="window.harmed=3">',
    "' onmouseover='window.harmed=4",
    "{{7*7}}{% raw %}",
    "<!--<script>",
    "=HYPERLINK(0)",
    "$\\frac{x}$",
    "w" * 10_000,
    "\u202emirrored",
    "שלום",
    "🧨👩‍👩‍👧",
    "a\x00b\x1bc",
    "]]>&amp;",
    "javascript:window.harmed=5",
    "\u2028line",
]


@pytest.fixture(scope="module")
def corpus():
    planted = make_correlated_topics(160, groups=(3, 3), n_words=60, random_state=0).corpus
    labels = np.array(["first", "second"])[np.arange(160) % 2]
    names = [f"paper {i}" for i in range(160)]
    return Corpus(planted.counts, planted.vocabulary, labels, names)


@pytest.fixture(scope="module")
def model(corpus):
    """A model whose prior has no correlations."""
    prior = DirichletLaplace()
    return ProdLDA(groups=(3, 3), prior=prior, max_iter=6, batch_size=32, random_state=0).fit(corpus)


@pytest.fixture(scope="module")
def report(model, corpus, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    write(model, corpus, path, dates=np.arange(160) // 40 + 2000, n_documents=50, n_permutations=199)
    return path


def write(model, corpus, path, **settings):
    settings = {"n_permutations": 19, "measures": ["c_npmi"], "n_documents": 20, "topics": "all", **settings}
    write_report(model, corpus, path, **settings)


def test_no_line_of_the_style_is_there_twice() -> None:
    style = (resources.files("hftopic.report") / "templates" / "style.css").read_text(encoding="utf-8")
    lines = [line for line in style.splitlines() if len(line) > 20]
    assert len(set(lines)) == len(lines)


def test_opens_from_disk_without_a_complaint_or_a_request(report, visit):
    seen = visit(report)
    assert seen.complaints == []
    assert seen.requests == [report.as_uri()]


def test_every_section_is_there_and_has_content(report, visit):
    page = visit(report).page
    assert page.eval_on_selector_all("main > section", "all => all.map(s => s.id)") == SECTIONS
    assert page.eval_on_selector_all("nav a", "all => all.map(a => a.hash.slice(1))") == SECTIONS
    for section in SECTIONS:
        box = page.locator(f"#{section}").bounding_box()
        assert box["height"] > 100, section
        assert len(page.locator(f"#{section}").inner_text()) > 40, section


def test_shows_the_numbers_of_the_analysis(report, model, corpus, visit):
    page = visit(report).page
    assert page.locator(".card").count() == 6
    for topic in range(6):
        words = page.locator(f"#topic-{topic} .word").all_inner_texts()
        assert words == model.top_words(10).loc[topic].drop("group").tolist()
    cells = page.eval_on_selector_all("#pairs td[data-v]", "all => all.map(c => c.dataset.v)")
    pairs = topic_correlation(model, corpus, active=range(6), n_permutations=19, random_state=0).pairs
    assert [float(value) for value in cells[5::7]] == pairs["r"].tolist()


def test_topics_that_are_not_in_use_are_left_out_by_default(model, corpus, visit, tmp_path):
    """Topic 1 gets the words of topic 0, whichever is less informative is left out."""
    planted = copy.copy(model)
    planted.topic_word_, planted.components_ = (
        values[[0, 0, 2, 3, 4, 5]] for values in (model.topic_word_, model.components_)
    )
    planted._summaries = [topic_summary(planted, corpus, threshold=0.26).drop(columns=["name", "words"])]
    summary = topic_summary(planted, corpus)
    used = in_use(summary)
    assert 1 < used.sum() < 6
    write(planted, corpus, tmp_path / "report.html", topics="active")
    page = visit(tmp_path / "report.html").page
    shown = page.locator(".card").evaluate_all("all => all.map(card => card.id)")
    assert sorted(shown) == [f"topic-{topic}" for topic in np.flatnonzero(used)]
    assert page.locator(".left-out li").count() == 6 - used.sum()
    assert left_out(summary) in page.locator("#topics").inner_text()
    for box in page.locator(".left-out li").all():
        box.evaluate("item => item.closest('details').open = true")
        assert re.search("not active|repeats [0-5]", box.inner_text())
    assert page.locator("#coherence-table tbody tr").count() == used.sum()
    listed = page.locator(".document .chip").evaluate_all("all => all.map(chip => chip.hash.slice(7))")
    assert {int(topic) for topic in listed} <= set(np.flatnonzero(used))


def test_shares_of_a_document_are_told_with_their_lift(report, model, corpus, visit):
    page = visit(report).page
    name = page.locator(".document h3 bdi").first.inner_text()
    chips = page.locator(".document").first.locator(".chip").all_inner_texts()
    table = topics_of_documents(model, corpus, [corpus.names.tolist().index(name)]).query("lift > 1")
    assert chips == [
        f"{row.topic} {model.topic_names_[row.topic]}: {round(100 * row.share)}%, "
        f"\N{MULTIPLICATION SIGN}{row.lift:.1f}"
        for row in table.itertuples()
    ]


def test_sorts_by_mouse_and_by_key(report, visit):
    page = visit(report).page
    values = "all => all.map(row => Number(row.cells[0].dataset.v))"
    button = page.locator("#coherence-table th .sort").first
    button.click()
    down = page.eval_on_selector_all("#coherence-table tbody tr", values)
    assert down == sorted(down, reverse=True)
    assert page.locator("#coherence-table th").first.get_attribute("aria-sort") == "descending"
    button.focus()
    page.keyboard.press("Enter")
    assert page.eval_on_selector_all("#coherence-table tbody tr", values) == down[::-1]
    assert page.locator("#coherence-table th[aria-sort]").count() == 1


def test_downloads_whole_values(report, visit):
    page = visit(report).page
    with page.expect_download() as waiting:
        page.locator("#pairs .csv").click()
    assert waiting.value.suggested_filename == "pairs.csv"
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    shown = page.eval_on_selector_all("#pairs tbody tr", "all => all.map(row => row.cells[5].dataset.v)")
    assert [row["r"] for row in rows] == shown
    assert len(rows[0]["r"]) > 8
    assert list(rows[0]) == ["topic_a", "name_a", "topic_b", "name_b", "across", "r", "p_adjusted"]


def test_shows_the_correlations_of_the_prior_beside_those_of_documents(corpus, monkeypatch, tmp_path):
    """One class stands between the groups, so that topics and dimensions have different numbers."""
    model = ProdLDA(
        groups=(2, Concrete(2), 2),
        prior=LearnedCorrelation(),
        max_iter=12,
        batch_size=32,
        learning_rate=0.01,
        random_state=0,
    ).fit(corpus)
    encode, calls = type(model).encode, []
    monkeypatch.setattr(type(model), "encode", lambda self, X: calls.append(X) or encode(self, X))
    write(model, corpus, tmp_path / "report.html")
    assert sum(isinstance(X, Corpus) for X in calls) == 1
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    shown = page[page.index('<div class="table" id="pairs">') :]
    rows = [
        re.findall(r'data-v="([^"]*)"', row)
        for row in re.findall(r"<tr>.*?</tr>", shown[: shown.index("</table>")], re.DOTALL)[1:]
    ]
    learned = topic_correlation(model, corpus, active=range(6), of="prior").matrix
    assert len(rows) == len(learned) * (len(learned) - 1) / 2 > 0
    assert any(float(row[6]) for row in rows)
    for a, _, b, _, _, _, prior, _ in rows:
        assert float(prior) == learned.loc[int(a), int(b)]
    assert 'data-name="r_prior"' in page
    assert "&#34;prior r&#34; is the correlation of the two topics in the prior" in page


def test_has_no_column_of_a_prior_without_correlations(report):
    page = report.read_text(encoding="utf-8")
    assert "r_prior" not in page
    assert "prior r" not in page


def test_finds_documents_by_word_label_and_topic(report, corpus, visit):
    page = visit(report).page
    assert page.locator("#found").inner_text() == "50 of 50 documents"
    assert page.locator(".document").count() == 20
    page.locator("#more").click()
    assert page.locator(".document").count() == 40
    page.locator("#query").fill("Paper SECOND")
    names = page.locator(".document h3 bdi").all_inner_texts()
    assert names
    assert all(int(name.split()[1]) % 2 for name in names)
    word = corpus.vocabulary[corpus.counts.sum(0).argmax()]
    page.locator("#query").fill(word)
    texts = page.locator(".document .body").all_inner_texts()
    assert texts
    assert all(word in text for text in texts)
    page.locator("#query").fill("no such word anywhere")
    assert page.locator(".document").count() == 0


def test_a_topic_leads_to_its_documents_the_fullest_first(report, visit):
    page = visit(report).page
    topic = page.locator(".to-documents").first.get_attribute("data-topic")
    page.locator(".to-documents").first.click()
    shares = page.locator(f'.document .chip[href="#topic-{topic}"]').all_inner_texts()
    percents = [int(re.search(r"(\d+)%", share).group(1)) for share in shares]
    assert len(percents) == page.locator(".document").count()
    assert percents == sorted(percents, reverse=True)


@pytest.mark.parametrize("settings", [{}, {"color_scheme": "dark"}, {"width": 360, "height": 740}])
def test_is_no_wider_than_the_window_and_readable(report, visit, settings):
    page = visit(report, **settings).page
    width = settings.get("width", 1280)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert contrast(ink, paper) > 7
    note = page.evaluate("getComputedStyle(document.querySelector('figcaption')).color")
    assert contrast(note, paper) > 4.5


def contrast(*colours):
    """Contrast of two colours by WCAG 2.2, from 1 to 21."""
    luminances = []
    for colour in colours:
        channels = np.array([int(c) for c in re.findall(r"\d+", colour)[:3]]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        luminances.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def test_prints_without_its_controls(report, visit):
    page = visit(report).page
    page.emulate_media(media="print")
    for control in ("nav", ".csv", ".search"):
        assert not page.locator(control).first.is_visible()
    assert page.locator("#pairs table").is_visible()


def test_has_text_for_what_is_seen_and_unique_ids(report, visit):
    page = visit(report).page
    pictures = page.locator("figure svg")
    assert pictures.count() >= 5
    for picture in pictures.all():
        assert picture.get_attribute("role") == "img"
        assert len(picture.get_attribute("aria-label")) > 10
    assert page.locator("#active svg title").count() >= 6
    ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len(set(ids)) == len(ids)
    targets = page.eval_on_selector_all("a[href^='#']", "all => all.map(a => a.getAttribute('href'))")
    assert all(page.locator(target).count() == 1 for target in set(targets))


def test_works_without_script_but_for_search(report, visit):
    page = visit(report, java_script_enabled=False).page
    assert page.locator("#topics .card").first.is_visible()
    assert page.locator("noscript p").is_visible()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Hostile words, names, labels, texts and title."""
    rng = np.random.default_rng(0)
    n = len(HOSTILE)
    counts = rng.poisson(2.0, (60, n)) + 1
    corpus = Corpus(
        counts, HOSTILE, [HOSTILE[i % n] for i in range(60)], [HOSTILE[-i % n] for i in range(60)]
    )
    model = ProdLDA(groups=(2, 2), max_iter=3, batch_size=20, random_state=0).fit(corpus)
    path = tmp_path_factory.mktemp("hostile")
    write(model, corpus, path / "words.html", title=HOSTILE[0])
    write(model, corpus, path / "texts.html", texts=[" ".join(HOSTILE)] * 60)
    return path


@pytest.mark.parametrize("name", ["words.html", "texts.html"])
def test_hostile_words_run_no_script_and_are_shown_as_they_are(hostile, visit, name):
    seen = visit(hostile / name)
    page = seen.page
    page.locator("#query").fill("<script>")
    for _ in range(3):
        page.mouse.move(300, 300)
        page.mouse.wheel(0, 2000)
    page.wait_for_timeout(100)
    assert page.evaluate("window.harmed") is None
    assert seen.complaints == []
    assert len(seen.requests) == 1
    assert "<script>window.harmed=1</script>" in page.locator("#topics").inner_text()
    assert "49" not in page.locator("#topic-0").inner_text()
    assert page.locator("script").count() == 2
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_downloaded_word_is_no_formula(hostile, visit):
    page = visit(hostile / "words.html").page
    with page.expect_download() as waiting:
        page.locator("#labels-table .csv").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "label =HYPERLINK(0)" in cells
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


@pytest.mark.parametrize(
    "made",
    [
        lambda corpus: NVDM(groups=(3, 3), max_iter=3, batch_size=32, random_state=0).fit(corpus),
        lambda corpus: ProdLDA(groups=4, max_iter=3, batch_size=32, random_state=0).fit(corpus),
        lambda corpus: ProdLDA(groups=(3, Concrete(3)), max_iter=3, batch_size=32, random_state=0).fit(
            corpus
        ),
        lambda corpus: ProdLDA(groups=(2,) * 8, max_iter=2, batch_size=32, random_state=0).fit(corpus),
        lambda corpus: ProdLDA(groups=(2, 2), gamma=1e3, max_iter=8, batch_size=32, random_state=0).fit(
            corpus
        ),
    ],
    ids=["signed", "one group", "classes", "eight groups", "silent"],
)
def test_any_model_has_a_report(corpus, visit, tmp_path, made):
    path = tmp_path / "report.html"
    write(made(corpus), corpus, path)
    seen = visit(path)
    assert seen.complaints == []
    for section in SECTIONS[:7] + SECTIONS[9:]:
        assert len(seen.page.locator(f"#{section}").inner_text()) > 40, section


def test_a_report_where_no_topic_is_active(corpus, visit, tmp_path):
    """With a learning rate near zero, the posterior stays equal to the prior."""
    model = ProdLDA(groups=(2, 2), learning_rate=1e-9, max_iter=1, random_state=0).fit(corpus)
    model._summary()[["active", "duplicate"]] = False  # the untrained encoder already distinguishes documents
    model.posterior = lambda X: _flat(type(model).posterior(model, X))
    with pytest.warns(UserWarning, match="active topics: .* no pair to correlate"):
        write(model, corpus, tmp_path / "report.html", topics="active")
    seen = visit(tmp_path / "report.html")
    assert seen.complaints == []
    assert "No topic is active" in seen.page.locator("#summary").inner_text()


def _flat(posterior):
    return type(posterior)(0 * posterior.mean, 0 * posterior.variance + 1, posterior.class_probabilities)


def test_documents_are_shown_in_reading_order_where_it_is_known(visit, tmp_path):
    texts = ["apple banana apple cherry", "banana cherry banana", "cherry apple"] * 10
    from hftopic import TextOptions

    corpus = corpus_from_texts(texts, options=TextOptions(min_df=1, max_df=1.0))
    model = ProdLDA(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    write(model, corpus, tmp_path / "report.html")
    body = visit(tmp_path / "report.html").page.locator(".document .body").first
    assert body.inner_text().split() == texts[0].split()


def test_same_arguments_same_bytes(model, corpus, report, tmp_path):
    dates = np.arange(160) // 40 + 2000
    write(model, corpus, tmp_path / "again.html", dates=dates, n_documents=50, n_permutations=199)
    assert (tmp_path / "again.html").read_bytes() == report.read_bytes()


def test_a_bare_matrix_needs_no_corpus(corpus, data_of, tmp_path):
    plain = ProdLDA(groups=(3, 3), max_iter=1, random_state=0).fit(corpus.counts)
    write(plain, corpus.counts, tmp_path / "report.html", vocabulary=corpus.vocabulary.tolist())
    data = data_of(tmp_path / "report.html")
    assert data["words"] == corpus.vocabulary.tolist()
    assert all(word in data["words"] for name in data["names"].values() for word in name.split(", "))


def test_the_data_of_the_page_are_packed_and_no_word_can_leave_them(hostile, data_of):
    """The fixture finds nothing but letters, digits and signs of base 64 in the element."""
    data = data_of(hostile / "words.html")
    assert HOSTILE[0] in data["words"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_documents": 0}, "n_documents must be a positive int, got 0"),
        ({"n_documents": -1}, "n_documents must be a positive int, got -1"),
        ({"n_words": 2.5}, "n_words must be a positive int, got 2.5"),
        ({"texts": ["a"] * 159 + [7]}, r"texts\[159\] must be a str, got 7; pass the original text"),
        ({"measures": "npmi"}, "unknown measure 'npmi'"),
    ],
)
def test_settings_out_of_range_are_told_and_nothing_is_written(model, corpus, tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        write(model, corpus, tmp_path / "report.html", **settings)
    assert list(tmp_path.iterdir()) == []


def test_a_text_may_be_missing_and_a_measure_stand_alone(model, corpus, visit, tmp_path):
    texts = [float("nan"), None, *["the whole text"] * 158]
    write(model, corpus, tmp_path / "r.html", texts=texts, measures="c_npmi", title=None, n_documents=160)
    page = visit(tmp_path / "r.html").page
    assert page.locator("h1").inner_text() == "Topics"
    bodies = page.locator(".document .body").all_inner_texts()
    assert "the whole text" not in bodies[0] + bodies[1]
    assert bodies[2] == "the whole text"
    assert "All 160 documents." in page.locator("#documents").inner_text()


def test_topics_have_one_name_throughout(report, visit):
    page = visit(report).page
    cards = {
        card.locator(".number").inner_text(): card.locator("h4 bdi").inner_text()
        for card in page.locator(".card").all()
    }
    cells = page.eval_on_selector_all(
        "#pairs tbody tr", "all => all.map(r => [...r.cells].map(c => c.dataset.v))"
    )
    assert all(cards[a] == name_a and cards[b] == name_b for a, name_a, b, name_b, *_ in cells)
    for figure in ("correlation", "network", "times"):
        drawn = " ".join(page.locator(f"#{figure} svg text").all_text_contents())
        assert any(name in drawn for name in cards.values()), figure
    options = page.locator("#of-topic option").all_inner_texts()[1:]
    assert options == [f"{number} {name}" for number, name in cards.items()]


def test_classes_are_told_from_topics(corpus, visit, tmp_path):
    model = ProdLDA(groups=(3, Concrete(3)), max_iter=3, batch_size=32, random_state=0).fit(corpus)
    write(model, corpus, tmp_path / "report.html")
    page = visit(tmp_path / "report.html").page
    text = page.locator("#topics").inner_text()
    assert "Topics of group 1 are the classes of a discrete variable" in text
    assert re.search(r"of 3 classes active, the values of one discrete variable|3 classes of group 1", text)
    assert "There are no pairs across groups" in page.locator("#network").inner_text()
    assert page.locator("#network svg").count() == 0


def test_what_is_wider_than_a_phone_shows_that_it_scrolls(report, visit):
    page = visit(report, width=360, height=740).page
    box = page.locator("#correlation figure .scroll")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    edge = page.locator("#correlation figure .scroll").evaluate(
        "box => getComputedStyle(box).backgroundAttachment"
    )
    assert edge == "local, local, scroll, scroll"


def test_signs_have_colours_of_their_own(report, visit):
    page = visit(report).page
    colours = page.evaluate(
        "() => { const s = getComputedStyle(document.documentElement);"
        " return ['positive', 'negative', 'group-0', 'group-1', 'group-2', 'group-3', 'group-4', 'group-5']"
        ".map(n => s.getPropertyValue('--' + n).trim()) }"
    )
    assert len(set(colours)) == 8


@pytest.mark.parametrize("given", ["texts", "dates"])
def test_a_list_of_another_length_is_an_error_and_writes_nothing(model, corpus, tmp_path, given):
    with pytest.raises(ValueError, match=f"{given} has 3 entries for 160 documents; pass one per document"):
        write(model, corpus, tmp_path / "report.html", **{given: ["1", "2", "3"]})
    assert list(tmp_path.iterdir()) == []


def test_a_report_that_fails_leaves_the_old_one(model, corpus, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(ValueError, match="unknown measure"):
        write(model, corpus, path, measures=["c_nmpi"])
    assert path.read_text() == "old"


def test_a_corpus_of_other_words_is_an_error(model, tmp_path):
    with pytest.raises(ValueError, match="X has 4 features, but ProdLDA is expecting 60"):
        write(model, Corpus(np.ones((3, 4)), list("abcd")), tmp_path / "report.html")


def test_a_folder_that_does_not_exist_is_an_error_before_the_analysis(model, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("hftopic.report.page.findings", None)
    with pytest.raises(FileNotFoundError, match="does not exist; create it first"):
        write(model, corpus, tmp_path / "nowhere" / "report.html")


def test_a_path_that_cannot_be_written_is_told_before_the_analysis(tmp_path, monkeypatch):
    monkeypatch.setattr("hftopic.report.page.findings", lambda *_, **__: pytest.fail("analysed"))
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_text("mine")
    counts = np.random.default_rng(0).poisson(1.0, (30, 6)) + 1
    model = ProdLDA(groups=(2, 2), max_iter=1, batch_size=10, random_state=0).fit(counts)
    for path, error in (
        (tmp_path, IsADirectoryError),
        (tmp_path / "link", FileNotFoundError),
        (tmp_path / "no" / "page.html", FileNotFoundError),
        (tmp_path / "file" / "page.html", NotADirectoryError),
        (tmp_path / ("n" * 300), OSError),
    ):
        with pytest.raises(error):
            write_report(model, counts, path, vocabulary=list("abcdef"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]


def test_the_perplexity_of_many_documents_names_its_error(corpus, tmp_path, monkeypatch):
    model = ProdLDA((2, 2), max_iter=2, random_state=0).fit(corpus)
    settings = {"measures": "u_mass", "n_permutations": 9, "topics": "all"}
    write_report(model, corpus, tmp_path / "all.html", **settings)
    monkeypatch.setattr("hftopic.report.findings.MOST_EVALUATED", 40)
    write_report(model, corpus, tmp_path / "some.html", **settings)
    pages = [(tmp_path / f"{name}.html").read_text(encoding="utf-8") for name in ("all", "some")]
    told = [
        re.search(r"± [\d.,]+ \(standard error\), on a random sample of 40 documents", page) for page in pages
    ]
    assert [one is None for one in told] == [True, False]
