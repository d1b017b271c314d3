"""Figures of reports: the same bytes in several threads, nothing of matplotlib is changed, nothing is cut."""

import re
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from hftopic import NVDM, ProdLDA, make_correlated_topics
from hftopic.analysis import TopicCorrelation
from hftopic.plots import plot_correlation
from hftopic.report import write_report
from hftopic.report.drawing import drawn

plt = pytest.importorskip("matplotlib.pyplot")
QUICK: dict[str, Any] = {"measures": "u_mass", "n_permutations": 9, "n_documents": 20, "topics": "all"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Function that writes the report of one of three models, and returns it."""
    made = make_correlated_topics(120, groups=(2, 2), n_words=40, random_state=0).corpus
    labels = np.array(["one", "two"])[np.arange(120) % 2]
    corpora = [made, made.with_labels(labels), made[:60]]
    models = [
        cls(groups, max_iter=3, hidden=(16,), random_state=0).fit(corpus)
        for cls, groups, corpus in zip(
            (ProdLDA, NVDM, ProdLDA), ((2, 2), (2, 2), (3, 2)), corpora, strict=True
        )
    ]
    folder = tmp_path_factory.mktemp("reports")

    def write(number: int, name: str) -> str:
        path: Path = folder / f"{name}.html"
        write_report(models[number % 3], corpora[number % 3], path, **QUICK)
        return path.read_text(encoding="utf-8")

    return write


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*no pair to correlate")
def test_threads_write_the_reports_that_each_would_write_alone(written: Any) -> None:
    alone = [written(number, f"alone{number}") for number in range(3)]
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    before = dict(mpl.rcParams), plt.get_fignums(), plt.gcf(), warnings.filters[:]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: written(number, f"thread{number}"), range(6)))
    assert found == alone * 2
    assert (dict(mpl.rcParams), plt.get_fignums(), plt.gcf(), warnings.filters[:]) == before
    assert figure.axes == [ax]
    plt.close(figure)


@pytest.mark.filterwarnings("ignore:.*no pair to correlate")
def test_a_report_does_not_depend_on_the_style_of_the_user(written: Any) -> None:
    expected = written(0, "default")
    with plt.style.context(["dark_background", {"font.size": 30, "axes.grid": True, "savefig.dpi": 7}]):
        before = dict(mpl.rcParams)
        assert written(0, "styled") == expected
        assert dict(mpl.rcParams) == before


@pytest.mark.filterwarnings("ignore:.*no pair to correlate")
def test_a_report_needs_no_pyplot_and_no_screen(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of pyplot in a thread are refused by the backends that have windows."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("pyplot was used")

    monkeypatch.setattr(plt, "figure", refuse)
    monkeypatch.setattr(plt, "subplots", refuse)
    thread = threading.Thread(target=written, args=(0, "thread"))
    thread.start()
    thread.join()
    assert written(0, "again")


@pytest.mark.filterwarnings("ignore:.*no pair to correlate")
def test_an_error_while_drawing_restores_the_style(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    before = dict(mpl.rcParams)
    with monkeypatch.context() as patched:
        patched.setattr("matplotlib.figure.Figure.savefig", interrupt)
        with pytest.raises(KeyboardInterrupt):
            written(0, "interrupted")
    assert dict(mpl.rcParams) == before
    assert written(0, "afterwards")


def test_the_scale_of_a_small_matrix_is_not_cut() -> None:
    topics = range(8)
    pairs = pd.DataFrame([(a, b) for a in topics for b in topics if a < b], columns=["topic_a", "topic_b"])
    pairs = pairs.assign(group_a=pairs["topic_a"] // 4, group_b=pairs["topic_b"] // 4, r=0.5, p_adjusted=0.5)
    pairs = pairs.assign(across=pairs["group_a"] != pairs["group_b"], words_a="ball", words_b="team")
    found = TopicCorrelation(pd.DataFrame(np.eye(8)), pairs, "mean", 100, 99)
    names = dict.fromkeys(topics, "some, topic, name number")
    svg = drawn(partial(plot_correlation, found, names=names), "matrix")
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
    assert float(re.search(r' x="([\d.]+)"[^>]*>\+1\.00', svg)[1]) < width - 15
