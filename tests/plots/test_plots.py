"""Tests of figures: they show the given numbers on the given Axes."""

import numpy as np
import pandas as pd
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
import matplotlib.patches  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

from hftopic import NVDM, BlockCorrelation, Corpus, ProdLDA, make_correlated_topics  # noqa: E402
from hftopic.analysis import topic_correlation, topic_information, topic_map, topics_by_label  # noqa: E402
from hftopic.analysis.layout import seriated  # noqa: E402
from hftopic.plots import (  # noqa: E402
    plot_comparison,
    plot_correlation,
    plot_history,
    plot_information,
    plot_map,
    plot_network,
    plot_shares,
    plot_words,
)
from hftopic.plots.style import (  # noqa: E402
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
    return make_correlated_topics(150, groups=(3, 3), n_words=60, random_state=0).corpus


@pytest.fixture(scope="module")
def model(corpus):
    return ProdLDA(groups=(3, 3), max_iter=3, random_state=0).fit(corpus)


@pytest.fixture(scope="module")
def correlation(model, corpus):
    return topic_correlation(model, corpus, active=range(6), n_permutations=19, random_state=0)


def test_every_figure_is_drawn_on_the_axes_it_is_given(model, corpus, correlation):
    table = pd.DataFrame({"name": ["a", "b"], "perplexity": [3.0, 2.0], "c_npmi": [0.1, 0.2]})
    draw = [
        lambda ax: plot_words(model, 1, ax=ax),
        lambda ax: plot_information(topic_information(model, corpus), ax=ax),
        lambda ax: plot_correlation(correlation, ax=ax),
        lambda ax: plot_network(correlation, ax=ax),
        lambda ax: plot_map(topic_map(model), ax=ax),
        lambda ax: plot_history(model.history_, ax=ax),
        lambda ax: plot_comparison(table, ax=ax),
        lambda ax: plot_shares(topics_by_label(model, corpus), ax=ax),
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


def test_bars_of_words_are_their_relevance(model):
    ax = plot_words(model, 2, n=4)
    words = model.top_words(4).loc[2].drop("group").tolist()
    assert [tick.get_text() for tick in ax.get_yticklabels()] == words
    columns = [model.vocabulary_.tolist().index(word) for word in words]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], model.word_scores()[2, columns])


def test_words_of_either_pole(corpus):
    model = NVDM(groups=(2, 2), max_iter=2, random_state=0).fit(corpus)
    up, down = (plot_words(model, 0, n=3, pole=pole) for pole in "+-")
    assert [t.get_text() for t in up.get_yticklabels()] != [t.get_text() for t in down.get_yticklabels()]
    assert min(bar.get_width() for ax in (up, down) for bar in ax.patches) > 0


def test_a_topic_that_does_not_exist_is_an_error(model):
    with pytest.raises(ValueError, match="no topic 6: topics are numbered 0 to 5"):
        plot_words(model, 6)


def test_cells_of_the_matrix_are_as_deep_as_the_correlation(correlation):
    ax = plot_correlation(correlation, level=1.0)
    order = [int(tick.get_text()) for tick in ax.get_xticklabels()]
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
    model.fit(Corpus(np.ones((20, 8)), [f"w{i}" for i in range(8)]))
    model.topic_word_ = np.array([[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.5, 0.5], [0.5, 0, 0, 0.5]])
    places = topic_map(model)
    xy = places[["x", "y"]].to_numpy()
    sides = np.linalg.norm(xy - np.roll(xy, 1, axis=0), axis=1)
    np.testing.assert_allclose(sides, sides[0])
    assert sum(places.attrs["explained"]) > 0.7
    one = topic_map(model, [2])
    assert one[["x", "y"]].to_numpy().tolist() == [[0, 0]]


def test_curves_are_the_columns_of_the_history(model):
    ax = plot_history(model.history_, "reconstruction")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), model.history_["reconstruction"])
    with pytest.raises(ValueError, match=r"no column 'elbow'; .* Its columns are 'learning_rate'"):
        plot_history(model.history_, "elbow")


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
    plot_words(model, 0).figure.draw_without_rendering()
    found = topic_correlation(model, Corpus(corpus.counts, words), active=range(4), n_permutations=9)
    plot_network(found, smallest=0, level=1).figure.draw_without_rendering()


def test_shades_are_shares_of_the_largest_of_a_topic():
    table = pd.DataFrame({0: [0.2, 0.4], 3: [0.6, 0.15]}, index=["a$b$c", "d"])
    ax = plot_shares(table, groups=[0, 0, 1, 1], names={0: "faith", 3: "sport"})
    assert [cell.get_alpha() for cell in ax.patches] == pytest.approx([0.5, 1.0, 1.0, 0.25])
    assert [matplotlib.colors.to_hex(cell.get_facecolor()) for cell in ax.patches] == [
        *(colour_of(0),) * 2,
        *(colour_of(1),) * 2,
    ]
    assert [text.get_text() for text in ax.texts] == ["faith  0", "sport  3"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["a$b$c", "d"]


def test_shades_of_signed_values_have_two_colours():
    ax = plot_shares(pd.DataFrame({"documents": [5, 5], 0: [-1.0, 2.0]}, index=[1990, 2000]))
    assert [matplotlib.colors.to_hex(cell.get_facecolor()) for cell in ax.patches] == [NEGATIVE, POSITIVE]
    assert [cell.get_alpha() for cell in ax.patches] == [0.5, 1.0]


def test_the_network_calls_topics_as_it_is_told(correlation):
    topic = int(correlation.across()["topic_a"].iloc[0])
    ax = plot_network(correlation, names={topic: "a name of its own"}, level=1.0, smallest=0.0)
    assert any("a name of its own" in text.get_text() for text in ax.texts)


def test_no_topic_of_mixtures_has_a_negative_pole(model):
    with pytest.raises(ValueError, match="pole='-': topics of ProdLDA have no poles"):
        plot_words(model, 0, pole="-")


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda m: plot_correlation(m), TypeError, "expected a TopicCorrelation, got a ProdLDA"),
        (lambda _: plot_network(None), TypeError, "got a NoneType"),
        (lambda m: plot_information(m), TypeError, "expected the DataFrame that topic_information"),
        (
            lambda _: plot_information(pd.DataFrame()),
            ValueError,
            "no column 'topic'; pass the table that topic_info",
        ),
        (lambda m: plot_map(m), TypeError, "that topic_map returns"),
        (lambda m: plot_map(topic_map(m), [1, 2]), ValueError, "sizes must have one number >= 0 for each"),
        (lambda m: plot_map(topic_map(m), names=["a"]), TypeError, "names must be a dict of topic number"),
        (lambda m: plot_history(m), TypeError, "got a ProdLDA"),
        (lambda m: plot_comparison(m), TypeError, "that compare returns"),
        (lambda _: plot_words("m", 0), TypeError, "expected a fitted ProdLDA or NVDM, got a str"),
        (lambda m: plot_words(m, 1.5), ValueError, "no topic 1.5"),
        (lambda m: plot_shares(m), TypeError, "that topics_by_label or topics_over_time returns"),
        (lambda _: plot_shares(pd.DataFrame({"documents": [1]})), ValueError, "no topic columns or no rows"),
        (lambda _: plot_shares(pd.DataFrame({2: [1.0]}), groups=[0]), ValueError, "topic_groups_"),
    ],
)
def test_what_cannot_be_drawn_is_told(model, draw, error, message):
    with pytest.raises(error, match=message):
        draw(model)
    assert not plt.get_fignums()
