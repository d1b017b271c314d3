"""Tests of figures and reports of edited models: topics have their ids."""

import matplotlib.pyplot as plt
import pytest

from hftopic import edit_topics
from hftopic.analysis import topic_correlation
from hftopic.plots import plot_correlation, plot_information, plot_map, plot_shares, plot_words
from hftopic.report import write_report

IDS = [0, 1, 3, 5]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def heads(axis):
    return [int(label.get_text().split()[-1]) for label in axis.get_ticklabels()]


def test_figures_have_ids(edited, planted):
    assert sorted(heads(plot_information(edited).xaxis)) == IDS
    assert plot_words(edited, planted, topic=5).get_title(loc="left").startswith("5  ")
    with pytest.raises(ValueError, match="no topic 4: the topics that are left are 0, 1, 3, 5"):
        plot_words(edited, planted, topic=4)
    assert plot_words(edited, planted).child_axes
    assert plot_map(edited)
    assert plot_shares(edited, planted, groups=edited.topic_groups_)


@pytest.mark.parametrize("topic", [4, 99, "3"])
def test_names_of_topics_that_are_not_there_are_told(edited, topic):
    for draw in (plot_information, plot_map, lambda *given, **names: plot_words(given[0], topic=3, **names)):
        with pytest.raises(ValueError, match=f"names has {topic!r}, which is no topic: the topics that are"):
            draw(edited, names={topic: "art"})
    assert plot_information(edited, names={5: "art"})


def test_a_matrix_has_ids(edited, planted):
    found = topic_correlation(edited, planted, active=[0, 3, 5], n_permutations=9)
    figure = plot_correlation(found)
    assert {int(label.get_text().split()[-1]) for label in figure.get_yticklabels()} == {0, 3, 5}


def test_a_report_has_ids(edited, planted, tmp_path, data_of):
    path = tmp_path / "report.html"
    write_report(edited, planted, path, topics="all", n_permutations=9)
    data = data_of(path)
    assert data["topics"] == IDS
    assert data["names"]["1"] == "faith"
    assert set(data["views"]) == {"0", "1", "3", "5"}
    used = {topic for document in data["documents"]["topics"] for topic in document}
    assert used <= {*IDS, -1}
    page = path.read_text(encoding="utf-8")
    assert 'id="topic-5"' in page
    shares = edited.original_.transform(planted).mean(axis=0)
    told = f"Topics 1 and 4 were merged to topic 1; 2, with {shares[2] / shares.sum():.1%} of all shares, was"
    assert told in page


def test_a_report_of_a_model_that_was_only_renamed_tells_no_edits(model, planted, tmp_path):
    path = tmp_path / "report.html"
    write_report(edit_topics(model, names={1: "faith"}), planted, path, n_permutations=9)
    assert "edited after" not in path.read_text(encoding="utf-8")
