"""Tests of figures: they show the given numbers on the given Axes."""

import numpy as np
import pandas as pd
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
import matplotlib.patches  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

from hftopic import NVDM, BlockCorrelation, Corpus, ProdLDA, make_correlated_topics  # noqa: E402
from hftopic.analysis import (  # noqa: E402
    topic_correlation,
    topic_information,
    topic_map,
    topic_summary,
    topics_by_label,
    topics_over_time,
)
from hftopic.analysis.layout import seriated  # noqa: E402
from hftopic.plots import (  # noqa: E402
    plot_comparison,
    plot_correlation,
    plot_effects,
    plot_history,
    plot_information,
    plot_map,
    plot_network,
    plot_over_time,
    plot_shares,
    plot_words,
)
from hftopic.plots.scales import scale_of  # noqa: E402
from hftopic.plots.style import (  # noqa: E402
    FAINT,
    GROUP_COLOURS,
    NEGATIVE,
    POSITIVE,
    colour_of,
    marker_of,
    shown,
)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def corpus():
    made = make_correlated_topics(150, groups=(3, 3), n_words=60, random_state=0).corpus
    dates = [str(2000 + row % 5) for row in range(150)]
    return Corpus(made.counts, made.vocabulary, labels=made.labels, dates=dates)


@pytest.fixture(scope="module")
def model(corpus):
    return ProdLDA(groups=(3, 3), max_iter=3, random_state=0).fit(corpus)


@pytest.fixture(scope="module")
def correlation(model, corpus):
    return topic_correlation(model, corpus, active=range(6), n_permutations=19, random_state=0)


def test_every_figure_is_drawn_on_the_axes_it_is_given(model, corpus, correlation):
    table = pd.DataFrame({"name": ["a", "b"], "perplexity": [3.0, 2.0], "c_npmi": [0.1, 0.2]})
    draw = [
        lambda ax: plot_words(model, topic=1, ax=ax),
        lambda ax: plot_information(topic_information(model, corpus), ax=ax),
        lambda ax: plot_correlation(correlation, ax=ax),
        lambda ax: plot_network(correlation, ax=ax),
        lambda ax: plot_map(topic_map(model), ax=ax),
        lambda ax: plot_history(model.history_, ax=ax),
        lambda ax: plot_comparison(table, ax=ax),
        lambda ax: plot_shares(topics_by_label(model, corpus, topics="all"), ax=ax),
        lambda ax: plot_over_time(topics_over_time(model, corpus, topics="all"), ax=ax),
    ]
    for figure in draw:
        ax = plt.figure().subplots()
        assert figure(ax) is ax
        own = figure(None)
        assert own is not ax
        assert own.has_data() or own.texts or own.patches


def test_bars_of_information_are_sorted_and_in_the_colours_of_their_groups(model, corpus):
    information = topic_information(model, corpus).assign(active=np.arange(6) % 2 == 0)
    ax = plot_information(information)
    bars = sorted((bar for bars in ax.containers for bar in bars), key=lambda bar: bar.get_x())
    ranked = information.sort_values("information", ascending=False, kind="stable")
    np.testing.assert_allclose([bar.get_height() for bar in bars], ranked["information"])
    for bar, group, active in zip(bars, ranked["group"], ranked["active"], strict=True):
        assert matplotlib.colors.to_hex(bar.get_facecolor()) == colour_of(group)
        assert (bar.get_alpha() is None) == active
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ranked["topic"].astype(str).tolist()


def test_bars_of_information_have_the_names_of_active_topics(model, corpus):
    summary = topic_summary(model, corpus).assign(active=[True, False] * 3)
    heads = [tick.get_text() for tick in plot_information(summary).get_xticklabels()]
    ranked = summary.sort_values("information", ascending=False, kind="stable")["topic"].tolist()
    assert heads == [f"{model.topic_names_[k]}  {k}" if k % 2 == 0 else str(k) for k in ranked]
    alone = [tick.get_text() for tick in plot_information(summary, names={0: "mine"}).get_xticklabels()]
    assert sorted(alone) == sorted(["mine  0", *"12345"])


def test_bars_of_words_are_their_relevance(model):
    ax = plot_words(model, topic=2, n=4)
    words = model.top_words(4).loc[2].drop("group").tolist()
    assert [tick.get_text() for tick in ax.get_yticklabels()] == words
    columns = [model.vocabulary_.tolist().index(word) for word in words]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], model.word_scores()[2, columns])


def test_words_of_either_pole(corpus):
    model = NVDM(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    up, down = (plot_words(model, topic=0, n=3, pole=pole) for pole in "+-")
    assert [t.get_text() for t in up.get_yticklabels()] != [t.get_text() for t in down.get_yticklabels()]
    assert min(bar.get_width() for ax in (up, down) for bar in ax.patches) > 0


def test_a_topic_that_does_not_exist_is_an_error(model):
    with pytest.raises(ValueError, match="no topic 6: topics are numbered 0 to 5"):
        plot_words(model, topic=6)


def test_cells_of_the_matrix_are_as_deep_as_the_correlation(correlation):
    ax = plot_correlation(correlation, level=1.0)
    order = [int(tick.get_text()) for tick in ax.get_xticklabels()]
    rows = [tick.get_text() for tick in ax.get_yticklabels()]
    assert [int(row.split("  ")[-1]) for row in rows] == order
    assert sorted(order) == list(range(6))
    cells = {(c.get_x(), c.get_y()): c for c in ax.patches if c.get_width() == 1}
    assert len(cells) == 30
    for (x, y), cell in cells.items():
        r = correlation.matrix.loc[order[int(x)], order[int(y)]]
        assert cell.get_alpha() == pytest.approx(abs(r))


def test_pairs_that_are_not_significant_are_crossed_out(correlation):
    ax = plot_correlation(correlation, level=0.05)
    crosses = ax.collections[0].get_offsets()
    assert len(crosses) == 2 * (correlation.pairs["p_adjusted"] > 0.05).sum()


def test_topics_stay_in_the_blocks_of_their_groups():
    rng = np.random.default_rng(0)
    matrix = pd.DataFrame(np.corrcoef(rng.normal(size=(9, 20))), index=range(10, 19), columns=range(10, 19))
    groups = [0, 1, 0, 1, 2, 0, 1, 0, 2]
    order = seriated(matrix, groups)
    assert sorted(order) == list(range(10, 19))
    assert [groups[topic - 10] for topic in order] == sorted(groups)


def test_alike_topics_of_a_block_become_neighbours():
    """Two pairs with r = 0.9, given in an order that separates them."""
    r = np.eye(4)
    r[0, 2] = r[2, 0] = r[1, 3] = r[3, 1] = 0.9
    order = seriated(pd.DataFrame(r), [0, 0, 0, 0])
    assert abs(order.index(0) - order.index(2)) == abs(order.index(1) - order.index(3)) == 1


def test_the_network_has_a_line_for_each_strong_pair_across_groups(correlation):
    ax = plot_network(correlation, n_pairs=4, smallest=0.0, level=1.0)
    lines = [patch for patch in ax.patches if isinstance(patch, matplotlib.patches.PathPatch)]
    strongest = correlation.across()["r"].abs().head(4)
    np.testing.assert_allclose(sorted(line.get_linewidth() for line in lines), sorted(0.6 + 6 * strongest))


def test_correlations_of_the_prior_are_drawn_without_a_test_and_say_so(corpus):
    # Topics 0 and 3, 1 and 4, 2 and 5 have a correlation of 0.5; all others 0.
    prior = BlockCorrelation([[0, 0.5], [0.5, 0]])
    model = ProdLDA(groups=(3, 3), prior=prior, max_iter=1, random_state=0).fit(corpus)
    found = topic_correlation(model, corpus, active=range(6), of="prior")
    matrix, network = plot_correlation(found), plot_network(found)
    for ax in (matrix, network):
        assert ax.get_title() == "Correlations of the prior p(z)"
        ax.figure.draw_without_rendering()
    assert not matrix.collections  # no crosses
    assert "prior r" in [text.get_text() for text in matrix.texts]
    assert sum(str(patch.get_gid()).endswith("prior r = +0.50") for patch in matrix.patches) == 6
    assert len(network.patches) == 3
    assert all(str(line.get_gid()).endswith("prior r = +0.50") for line in network.patches)


def test_correlations_of_documents_have_no_title(correlation):
    assert plot_correlation(correlation).get_title() == plot_network(correlation).get_title() == ""


def test_a_network_without_lines_says_so(correlation):
    assert "No pair across groups" in plot_network(correlation, smallest=2.0).texts[0].get_text()


def test_places_of_the_map_keep_distances_that_fit_the_plane():
    """Four topics on a cycle, each with one word in common with both neighbours: the corners of a square."""
    model = ProdLDA(groups=(2, 2), max_iter=1, random_state=0)
    corpus = Corpus(np.ones((20, 8)), [f"w{i}" for i in range(8)])
    model.fit(corpus)
    model.topic_word_ = np.array([[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.5, 0.5], [0.5, 0, 0, 0.5]])
    places = topic_map(model)
    xy = places[["x", "y"]].to_numpy()
    sides = np.linalg.norm(xy - np.roll(xy, 1, axis=0), axis=1)
    np.testing.assert_allclose(sides, sides[0])
    assert sum(places.attrs["explained"]) > 0.7
    with pytest.raises(ValueError, match="needs no documents; got a Corpus"):
        topic_map(model, corpus)
    one = topic_map(model, [2])
    assert one[["x", "y"]].to_numpy().tolist() == [[0, 0]]


def test_curves_are_the_columns_of_the_history(model):
    ax = plot_history(model.history_, term="reconstruction")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), model.history_["reconstruction"])
    with pytest.raises(ValueError, match=r"no column 'elbow'; .* Its columns are 'learning_rate'"):
        plot_history(model.history_, term="elbow")


def test_means_of_settings_are_the_large_points():
    table = pd.DataFrame({"name": list("aab"), "perplexity": [1.0, 3.0, 5.0], "c_npmi": [0.2, 0.4, 0.1]})
    ax = plot_comparison(table)
    means = [c.get_offsets()[0].tolist() for c in ax.collections if c.get_label() in ("a", "b")]
    np.testing.assert_allclose(means, [[2.0, 0.3], [5.0, 0.1]])
    with pytest.raises(ValueError, match="no column 'speed'"):
        plot_comparison(table, y="speed")


def test_more_groups_than_colours_differ_by_marker():
    assert len({(colour_of(g), marker_of(g)) for g in range(12)}) == 12
    assert len(set(GROUP_COLOURS)) == 6


def test_words_are_shown_short_and_in_one_line():
    assert shown("a\nb\x00c\u202ed") == "a?b?c?d".replace("?", "\N{REPLACEMENT CHARACTER}")
    assert len(shown("x" * 10_000)) == 24
    assert shown("x" * 24) == "x" * 24


def test_dollar_signs_are_not_mathematics(corpus):
    words = [f"$x_{i}^$" for i in range(corpus.n_words)]
    model = ProdLDA(groups=(2, 2), max_iter=1, random_state=0).fit(Corpus(corpus.counts, words))
    plot_words(model, topic=0).figure.draw_without_rendering()
    found = topic_correlation(model, Corpus(corpus.counts, words), active=range(4), n_permutations=9)
    plot_network(found, smallest=0, level=1).figure.draw_without_rendering()


def cells_of(ax):
    """Cells of a heat map, row by row."""
    return [patch for patch in ax.patches if str(patch.get_gid()).startswith("tip:")]


def table_of(columns, index, p_adjusted=None, **facts):
    table = pd.DataFrame(columns, index=index)
    topics = [name for name in columns if name != "documents"]
    table.attrs = {
        "errors": {topic: dict.fromkeys(map(str, index), 0.01) for topic in topics},
        "p_adjusted": dict.fromkeys(topics, 0.001) | (p_adjusted or {}),
        **facts,
    }
    return table


def test_all_cells_have_one_scale_and_a_bar_shows_it():
    table = pd.DataFrame({0: [0.2, 0.4], 3: [0.6, 0.15]}, index=["a$b$c", "d"])
    ax = plot_shares(table, groups=[0, 0, 1, 1], names={0: "faith", 3: "sport"})
    assert [cell.get_alpha() / 0.8 for cell in cells_of(ax)] == pytest.approx([1, 0.25, 1 / 3, 2 / 3])
    assert {matplotlib.colors.to_hex(cell.get_facecolor()) for cell in cells_of(ax)} == {GROUP_COLOURS[0]}
    shown = [text.get_text() for text in ax.texts]
    assert [text for text in shown if "  " in text] == ["sport  3", "faith  0"]
    assert {"mean share", "60.0%", "15.0%", "0.0%"} <= set(shown)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a$b$c", "d"]
    ax.figure.draw_without_rendering()


def test_columns_tell_their_number_of_documents():
    table = table_of({0: [0.2, 0.4]}, ["a", "b"], documents={"a": 1200, "b": 7})
    heads = [text.get_text() for text in plot_shares(table).get_xticklabels()]
    assert heads == ["a\nn=1,200", "b\nn=7"]
    heads = [text.get_text() for text in plot_shares(table[::-1]).get_xticklabels()]
    assert heads == ["b\nn=7", "a\nn=1,200"]


def test_what_does_not_vary_fades():
    table = table_of({0: [0.5, 0.4], 1: [0.1, 0.6]}, [1990, 1991], {0: 0.4}, names={0: "still", 1: "moving"})
    colours = [matplotlib.colors.to_hex(cell.get_facecolor()) for cell in cells_of(plot_shares(table))]
    assert colours == [GROUP_COLOURS[0]] * 2 + [FAINT] * 2
    panels = plot_over_time(table).child_axes
    assert [panel.get_title(loc="left") for panel in panels] == ["1  moving", "0  still"]
    assert [panel.lines[-1].get_color() for panel in panels] == [GROUP_COLOURS[0], FAINT]


def test_names_link_to_the_topic(correlation):
    table = table_of({0: [0.5, 0.4], 3: [0.1, 0.6]}, [1990, 1991])
    assert {text.get_url() for text in plot_shares(table).texts} >= {"#topic-0", "#topic-3"}
    titles = [panel._left_title.get_url() for panel in plot_over_time(table).child_axes]
    assert titles == ["#topic-3", "#topic-0"]
    urls = [text.get_url() for text in plot_correlation(correlation).get_yticklabels()]
    assert sorted(urls) == [f"#topic-{topic}" for topic in range(6)]


def test_text_has_the_colour_of_the_style():
    table = table_of({0: [0.5, 0.4], 1: [0.1, 0.6]}, [1990, 1991], {1: 0.5})
    with plt.style.context("dark_background"):
        colours = {text.get_text(): text.get_color() for text in plot_shares(table).texts}
    assert (colours["0"], colours["1"]) == ("white", FAINT)


def test_signed_values_and_lifts_have_two_colours():
    ax = plot_shares(pd.DataFrame({"documents": [5, 5], 0: [-1.0, 2.0]}, index=[1990, 2000]))
    assert [matplotlib.colors.to_hex(cell.get_facecolor()) for cell in cells_of(ax)] == [NEGATIVE, POSITIVE]
    assert [cell.get_alpha() / 0.8 for cell in cells_of(ax)] == pytest.approx([0.5, 1.0])
    ax = plot_shares(table_of({0: [0.5, 2.0, 16.0]}, list("abc"), measure="lift"))
    colours = [matplotlib.colors.to_hex(cell.get_facecolor()) for cell in cells_of(ax)]
    assert colours == [NEGATIVE, POSITIVE, POSITIVE]
    assert [cell.get_alpha() / 0.8 for cell in cells_of(ax)] == pytest.approx([0.5, 0.5, 1.0])


@pytest.mark.parametrize("values", [[[0.0, 0.0]], [[np.nan, 0.5]], [[0.0, -0.0]]])
def test_scales_of_values_without_a_spread(values):
    scale = scale_of(np.array(values))
    assert all(0 <= scale.depth(value) <= 0.8 for value in (0.0, 0.5, np.nan))


def test_lines_over_time_are_the_shares_with_their_intervals(model, corpus):
    table = topics_over_time(model, corpus, topics="all")
    panels = plot_over_time(table, names={}).child_axes
    assert panels[-1].get_title(loc="left") == "documents"
    assert [bar.get_height() for bar in panels[-1].patches] == [30] * 5
    limits = {panel.get_ylim() for panel in panels[:-1]}
    assert len(limits) == 1
    for panel in panels[:-1]:
        topic = int(panel.get_title(loc="left"))
        np.testing.assert_allclose(panel.lines[-1].get_ydata(), table[topic])
        errors = np.array(list(table.attrs["errors"][topic].values()))
        top = panel.collections[0].get_paths()[0].get_extents().y1
        assert top == pytest.approx((table[topic] + 2.04523 * errors).max(), rel=1e-4)  # t of 29 documents


def test_periods_without_documents_are_gaps():
    months = pd.PeriodIndex(["2020-01", "2020-02", "2020-05", "2020-07", "2020-08"], freq="M")
    panel = plot_over_time(table_of({0: [0.1, 0.2, 0.3, 0.4, 0.5]}, months)).child_axes[0]
    pieces = [line.get_ydata().tolist() for line in panel.lines if line.get_linestyle() == "-"]
    assert [piece for piece in pieces if len(set(piece)) > 1] == [[0.1, 0.2], [0.4, 0.5]]


def test_topics_that_vary_less_are_left_out_and_told():
    table = pd.DataFrame({topic: [0.1, 0.1 + 0.01 * topic] for topic in range(4)}, index=[1990, 1991])
    ax = plot_over_time(table, n_topics=2)
    assert [panel.get_title(loc="left") for panel in ax.child_axes] == ["3", "2"]
    assert "2 topics that vary less are left out" in ax.texts[0].get_text().replace("\n", " ")


def test_every_figure_takes_a_model_and_its_documents():
    """The topics in use of a model that has learnt some; the labels and dates are those of the corpus."""
    made = make_correlated_topics(300, groups=(2, 2), n_words=60, random_state=0).corpus
    labels, dates = ["a", "b"] * 150, ["1990", "1991", "1992"] * 100
    made = Corpus(made.counts, made.vocabulary, labels=labels, dates=dates)
    model = ProdLDA(groups=(2, 2), max_iter=60, random_state=0).fit(made)
    for plot in (
        plot_words,
        plot_information,
        plot_correlation,
        plot_network,
        plot_map,
        plot_shares,
        plot_over_time,
        plot_history,
    ):
        plot(model, made).figure.draw_without_rendering()
        plot(model, model.encode(made))
    assert len(plot_effects(model, made, formula="label + date").child_axes) == 1
    assert [text.get_text() for text in plot_shares(model, made).get_xticklabels()] == [
        "a\nn=150",
        "b\nn=150",
    ]
    assert len(plot_words(model, made).child_axes) > 0


def test_names_are_apart_on_the_map():
    places = pd.DataFrame({"topic": range(20), "group": 0, "x": np.linspace(0, 1, 20), "y": 0.0})
    ax = plot_map(places, names={topic: f"name {topic}" for topic in range(20)})
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts if "name" in text.get_text()]
    assert len(boxes) == 20
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_map_that_shows_too_little_is_left_out():
    places = pd.DataFrame({"topic": range(5), "group": 0, "x": 0.0, "y": range(5)})
    places.attrs["explained"] = (0.1, 0.06)
    assert "it would show 16% of the distances" in plot_map(places).texts[0].get_text()
    assert len(plot_map(places, smallest=0).collections) > 5


def test_the_network_calls_topics_as_it_is_told(correlation):
    topic = int(correlation.across()["topic_a"].iloc[0])
    ax = plot_network(correlation, names={topic: "a name of its own"}, level=1.0, smallest=0.0)
    assert any("a name of its own" in text.get_text() for text in ax.texts)


def test_no_topic_of_mixtures_has_a_negative_pole(model):
    with pytest.raises(ValueError, match="pole='-': topics of ProdLDA have no poles"):
        plot_words(model, topic=0, pole="-")


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (
            lambda m: plot_correlation(m),
            ValueError,
            "a ProdLDA alone is not enough: pass the documents after",
        ),
        (lambda _: plot_network(None), TypeError, "got a NoneType"),
        (lambda _: plot_information([1]), TypeError, "expected the DataFrame that topic_information"),
        (
            lambda _: plot_information(pd.DataFrame()),
            ValueError,
            "no column 'topic'; pass the table that topic_info",
        ),
        (lambda _: plot_map([1]), TypeError, "that topic_map returns"),
        (
            lambda m: plot_map(topic_map(m), sizes=[1, 2]),
            ValueError,
            "sizes must have one number >= 0 for each",
        ),
        (lambda m: plot_map(topic_map(m), names=["a"]), TypeError, "names must be a dict of topic number"),
        (lambda _: plot_history([1]), TypeError, "got a list"),
        (lambda m: plot_comparison(m), TypeError, "that compare returns"),
        (lambda _: plot_words("m", topic=0), TypeError, "expected a fitted ProdLDA or NVDM, got a str"),
        (lambda m: plot_words(m, topic=1.5), ValueError, "no topic 1.5"),
        (lambda _: plot_shares([1]), TypeError, "that topics_by_label or topics_over_time returns"),
        (lambda m: plot_shares(m), ValueError, "or the result of topics_by_label"),
        (lambda m: plot_over_time(m), ValueError, "or the result of topics_over_time"),
        (lambda m: plot_history(m.history_, "loss"), TypeError, "write other arguments with their names"),
        (lambda m: plot_words(m, 1), TypeError, r"write plot_words\(model, topic=1\)"),
        (lambda _: plot_shares(pd.DataFrame({"documents": [1]})), ValueError, "no topic columns or no rows"),
        (lambda _: plot_shares(pd.DataFrame({2: [1.0]}), groups=[0]), ValueError, "topic_groups_"),
    ],
)
def test_what_cannot_be_drawn_is_told(model, draw, error, message):
    with pytest.raises(error, match=message):
        draw(model)
    assert not plt.get_fignums()
