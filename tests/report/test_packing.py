"""Packed data of the report, and the report as an object."""

import base64
import html
import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib").use("agg")

from hftopic import Corpus, ProdLDA, make_correlated_topics  # noqa: E402
from hftopic.report import Report, write_report  # noqa: E402
from hftopic.report.packing import LENGTHS, packed, packed_within  # noqa: E402
from hftopic.report.result import MOST_INSIDE  # noqa: E402

QUICK: dict[str, Any] = {"measures": "u_mass", "n_permutations": 9, "topics": "all"}


@pytest.fixture(scope="module")
def fitted() -> tuple[ProdLDA, Corpus]:
    corpus = make_correlated_topics(60, groups=(2, 2), n_words=40, random_state=0).corpus
    return ProdLDA((2, 2), max_iter=3, hidden=(16,), random_state=0).fit(corpus), corpus


def test_packed_data_are_what_was_packed() -> None:
    content = {"words": ["</script>", "\u2028", "naïve 🧨"], "numbers": [1, 2.5, None]}
    assert json.loads(zlib.decompress(base64.b64decode(packed(content)))) == content
    assert packed(content) == packed(content)


def test_texts_are_cut_only_as_far_as_the_size_needs() -> None:
    rng = np.random.default_rng(0)
    noise = bytes(rng.integers(97, 123, 3000, dtype=np.uint8)).decode()
    sizes = {longest: len(packed(noise[:longest])) for longest in LENGTHS}
    for longest in LENGTHS:
        data, cut = packed_within(lambda length: noise[:length], sizes[longest])
        assert (cut, len(data)) == (longest, sizes[longest])
    assert packed_within(lambda length: noise[:length], 10)[1] == LENGTHS[-1]


def test_the_corpus_brings_its_texts_and_dates(fitted: Any, tmp_path: Path, data_of: Any) -> None:
    model, corpus = fitted
    texts = [f"text number {i} " + "long " * (700 if i == 0 else 1) for i in range(60)]
    dates = [str(2000 + i // 20) for i in range(60)]
    corpus = Corpus(corpus.counts, corpus.vocabulary)
    full = Corpus(corpus.counts, corpus.vocabulary, texts=texts, dates=dates)
    write_report(model, full, tmp_path / "own.html", **QUICK)
    write_report(model, corpus, tmp_path / "given.html", texts=texts, dates=dates, **QUICK)
    own, given = (data_of(tmp_path / f"{name}.html") for name in ("own", "given"))
    assert own == given
    documents = own["documents"]
    assert documents["texts"] == [text[: LENGTHS[0]] for text in texts]
    assert documents["cut"] == [len(texts[0]) - LENGTHS[0], *([0] * 59)]
    assert own["periods"] == ["2000", "2001", "2002"]
    assert documents["periods"] == [i // 20 for i in range(60)]


def test_the_words_of_documents_can_be_read_again(fitted: Any, tmp_path: Path, data_of: Any) -> None:
    model, corpus = fitted
    write_report(model, corpus, tmp_path / "report.html", **QUICK)
    data = data_of(tmp_path / "report.html")
    documents, counts = data["documents"], corpus.counts.toarray()
    assert len(documents["names"]) == 60
    for row in range(60):
        words = [data["words"][place] for place in np.cumsum(documents["words"][row])]
        found = dict(zip(words, documents["counts"][row], strict=True))
        assert found == {
            str(word): int(n) for word, n in zip(corpus.vocabulary, counts[row], strict=True) if n
        }


def test_a_report_is_an_object_that_is_a_path(fitted: Any, tmp_path: Path) -> None:
    model, corpus = fitted
    written = write_report(model, corpus, tmp_path / "report.html", **QUICK)
    assert isinstance(written, Report)
    assert os.fspath(written) == str(tmp_path.resolve() / "report.html")
    assert written.size == (tmp_path / "report.html").stat().st_size
    assert str(written.path) in str(written)


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(fitted: Any, tmp_path: Path) -> None:
    model, corpus = fitted
    written = write_report(model, corpus, tmp_path / "report.html", title='A "title" & more', **QUICK)
    shown = written._repr_html_()
    inside = shown.split('srcdoc="')[1].split('"')[0]
    assert html.unescape(inside) == written.path.read_text(encoding="utf-8")
    assert 'sandbox="allow-scripts allow-downloads allow-modals"' in shown
    linked = Report(written.path, MOST_INSIDE + 1)._repr_html_()
    assert "iframe" not in linked
    assert written.path.as_uri() in linked
    written.path.unlink()
    assert "iframe" not in written._repr_html_()
