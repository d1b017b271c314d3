"""Test of a report on real messages, in a browser."""

import json
import lzma

import numpy as np
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib").use("agg")

from hftopic import ProdLDA, TextOptions, corpus_from_texts  # noqa: E402
from hftopic.report import write_report  # noqa: E402

MOST_BYTES = 6_000_000


@pytest.mark.slow
def test_report_of_raw_newsgroups(shared_corpus, visit, tmp_path):
    """Two groups of 25 topics on all original messages; five epochs are enough to test the page."""
    folder = shared_corpus("20ng_raw")
    with lzma.open(folder / "train.jsonl.xz", "rt", encoding="utf-8") as lines:
        messages = [json.loads(line) for line in lines]
    texts = [message["text"] for message in messages]
    corpus = corpus_from_texts(
        texts,
        options=TextOptions(min_df=20, max_features=5000),
        labels=[message["label"] for message in messages],
    )
    model = ProdLDA(groups=(25, 25), max_iter=5, random_state=0).fit(corpus[np.flatnonzero(_lengths(corpus))])
    path = tmp_path / "report.html"
    with pytest.warns(UserWarning, match="documents have no words"):
        write_report(model, corpus, path, texts=texts, measures=["c_npmi"], n_permutations=99)
    assert path.stat().st_size < MOST_BYTES
    seen = visit(path)
    page = seen.page
    assert seen.complaints == []
    assert seen.requests == [path.as_uri()]
    sections = page.eval_on_selector_all("main > section", "all => all.map(s => s.innerText.length)")
    assert len(sections) == 11
    assert min(sections) > 40
    assert page.locator(".card").count() > 5
    assert page.locator("#labels-table thead th").count() == 2 + 20
    page.locator("#query").fill("hockey")
    found = int(page.locator("#found").inner_text().split()[0])
    assert 10 < found < 500
    assert page.locator(".document mark").count() > 20
    assert page.locator(".document mark.hit").count() >= min(found, 20)


def _lengths(corpus):
    return np.diff(corpus.counts.indptr)
