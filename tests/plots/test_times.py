"""Figures over time: lines of labels, gaps of tables and of bins, and the words of topics."""

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib", reason="needs the extra 'report'")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

from hftopic import NVDM, Corpus, ProdLDA, make_correlated_topics  # noqa: E402
from hftopic.analysis import topics_over_time, words_over_time  # noqa: E402
from hftopic.plots import plot_over_time, plot_shares, plot_words_over_time  # noqa: E402
from hftopic.plots.style import NEGATIVE, POSITIVE  # noqa: E402

YEARS = [1990, 1991, 1992, 1996, 1997]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def corpus():
    made = make_correlated_topics(150, groups=(2, 2), n_words=60, random_state=0).corpus
    return Corpus(made.counts, made.vocabulary, labels=["left", "right", "left"] * 50)


@pytest.fixture(scope="module")
def model(corpus):
    return ProdLDA(groups=(2, 2), max_iter=3, random_state=0).fit(corpus)


@pytest.fixture(scope="module")
def found(model, corpus):
    return words_over_time(model, corpus, YEARS * 30, topics="all", n_permutations=9)


def curves(panel):
    """Lines of a panel, without its mean, as lists of values."""
    return [line.get_ydata().tolist() for line in panel.lines if line.get_linestyle() == "-"]


def test_rows_without_documents_are_gaps(model, corpus):
    """The line is broken where a period has no documents, whether the table has a row for it or not."""
    short, full = (
        topics_over_time(model, corpus, YEARS * 30, topics="all", gaps=gaps) for gaps in (False, True)
    )
    assert full["documents"].tolist() == [30, 30, 30, 0, 0, 0, 30, 30]
    for table in (short, full):
        panel = plot_over_time(table[["documents", 1]]).child_axes[0]
        assert [len(piece) for piece in curves(panel)] == [3, 2]
    assert len(plot_shares(full).get_xticks()) == 5


def test_bins_that_are_far_apart_are_gaps(model, corpus):
    """Decades of which every second has documents: the width of the bins is known, so no line joins them."""
    table = topics_over_time(model, corpus, [1990, 2010, 2030] * 50, freq=10, topics="all")
    panel = plot_over_time(table[["documents", 1]]).child_axes[0]
    assert max(len(piece) for piece in curves(panel)) <= 2  # a point, and its interval


def test_labels_have_lines_of_their_own(model, corpus):
    ax = plot_over_time(model, corpus, dates=YEARS * 30, by="label")
    assert "line: left; dashes: right" in ax.texts[0].get_text().replace("\n", " ")
    table = topics_over_time(model, corpus, YEARS * 30, by="label", topics="all")
    panel = plot_over_time(table[["documents", 2]]).child_axes[0]
    for label, style in (("left", "-"), ("right", "--")):
        drawn = [y for line in panel.lines if line.get_linestyle() == style for y in line.get_ydata()]
        np.testing.assert_allclose(drawn, table.loc[label, 2])
    sizes = plot_over_time(table).child_axes[-1]
    assert [bar.get_height() for bar in sizes.patches] == [30] * 5
    many = topics_over_time(model, corpus, YEARS * 30, by=[f"label {i % 7}" for i in range(150)])
    with pytest.raises(ValueError, match="there are 7 labels, and lines for 6"):
        plot_over_time(many)


def test_groups_have_panels(model, corpus):
    panels = plot_over_time(topics_over_time(model, corpus, YEARS * 30, by="group")).child_axes
    assert sorted(panel.get_title(loc="left") for panel in panels[:-1]) == ["0  group 0", "1  group 1"]


def test_words_that_rise_and_fall_have_lines(found):
    ax = plot_words_over_time(found, n_words=2)
    ax.figure.draw_without_rendering()
    with_words = found.words["topic"].unique()
    assert len(ax.child_axes) == len(with_words)
    for panel in ax.child_axes:
        topic = int(panel.get_title(loc="left").split()[0])
        of_topic = found.words[found.words["topic"] == topic]
        rising = of_topic[of_topic["score"] > 0].head(2)["word"].tolist()
        falling = of_topic[of_topic["score"] < 0].tail(2)["word"].tolist()
        texts = {text.get_text(): text.get_color() for text in panel.texts}
        assert texts == dict.fromkeys(rising, POSITIVE) | dict.fromkeys(falling, NEGATIVE)
        assert {len(line.get_ydata()) for line in panel.lines} == {3, 2}  # 1993 to 1995 are a gap
        expected = 100 * found.probabilities(topic, [*rising, *falling]).iloc[0].to_numpy()
        np.testing.assert_allclose([line.get_ydata()[0] for line in panel.lines[::2]], expected)
    assert [panel.get_title(loc="left") for panel in plot_words_over_time(found, names={}).child_axes]


def test_poles_of_signed_topics_have_panels(corpus):
    model = NVDM(groups=(2, 2), max_iter=1, random_state=0).fit(corpus)
    found = words_over_time(model, corpus, YEARS * 30, topics=[2], n_permutations=9)
    titles = [panel.get_title(loc="left") for panel in plot_words_over_time(found).child_axes]
    assert sorted(title[:3] for title in titles) == ["2 +", "2 -"]


def test_what_is_no_result_is_refused(model, found):
    with pytest.raises(TypeError, match="expected the result of words_over_time"):
        plot_words_over_time(found.topics)
    with pytest.raises(ValueError, match="a ProdLDA alone is not enough"):
        plot_words_over_time(model)
    with pytest.raises(ValueError, match="n_words must be a positive int"):
        plot_words_over_time(found, n_words=0)
