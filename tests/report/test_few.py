"""Reports of very few documents or words: a sentence stands where an analysis is not possible."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib").use("agg")

from hftopic import NVDM, NVLDA, Corpus, ProdLDA  # noqa: E402
from hftopic.report import write_report  # noqa: E402

NO_CORRELATION = "There are no correlations: they need at least 3 documents, and only 2 documents have words."
NO_COHERENCE = "There is no coherence: it needs 2 words per topic, and the topics list 1."


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", [ProdLDA, NVDM, NVLDA])
@pytest.mark.parametrize(
    ("n_documents", "n_words", "reasons"),
    [(2, 6, [NO_CORRELATION]), (40, 1, [NO_COHERENCE]), (2, 1, [NO_CORRELATION, NO_COHERENCE]), (3, 2, [])],
)
def test_a_report_says_what_is_not_possible(
    kind: Any, n_documents: int, n_words: int, reasons: list[str], tmp_path: Path, visit: Any
) -> None:
    counts = np.random.default_rng(0).poisson(2, (n_documents, n_words)) + 1
    few = Corpus(
        counts,
        [f"w{i}" for i in range(n_words)],
        labels=np.arange(n_documents) % 2,
        dates=[str(2000 + i % 3) for i in range(n_documents)],
    )
    model = kind(groups=(2, 2), max_iter=2, batch_size=2, random_state=0).fit(few)
    path = tmp_path / "few.html"
    write_report(model, few, path, n_permutations=9, topics="all")
    seen = visit(path)
    page = seen.page
    for section, reason in (("correlation", NO_CORRELATION), ("coherence", NO_COHERENCE)):
        assert (reason in page.locator(f"#{section}").inner_text()) == (reason in reasons)
    page.locator("#topic-0 h4 a").click()
    assert page.locator("#view").is_visible()
    assert seen.complaints == []
