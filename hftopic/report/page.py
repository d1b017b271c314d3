"""One self-contained HTML file of a model: no network, no script but its own, whatever the words are."""

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd

from hftopic import __version__
from hftopic._files import written_whole
from hftopic._numbers import is_whole
from hftopic.analysis.models import FittedTopicModel, check_topic_model
from hftopic.data.corpus import Corpus
from hftopic.data.inputs import column_words
from hftopic.plots.style import colour_number
from hftopic.report.documents import chosen_documents, document_data
from hftopic.report.findings import Findings, findings
from hftopic.report.sections import sections
from hftopic.report.values import visible


def write_report(
    model: FittedTopicModel,
    corpus: Any,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    texts: Sequence[str | None] | None = None,
    dates: Any = None,
    n_words: int = 10,
    measures: str | Sequence[str] = ("c_npmi", "c_v"),
    n_documents: int = 2000,
    n_permutations: int = 999,
    vocabulary: Sequence[str] | None = None,
    random_state: int = 0,
    verbose: int = 0,
) -> None:
    """Report of a model on a corpus: one HTML file that works from disk, without a network.

    It shows the topics of each group with their words, which topics are alive, how they correlate, a map, a
    table of coherence and quality, topics by label and over time, the training, documents to search, and how
    it was made. Every table downloads as CSV. The same model, corpus and arguments give the same bytes.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        With ``tokens`` documents are shown in reading order and coherence slides its windows over them; with
        ``labels`` there is a section of topics by label.
    path : path-like
        Where the file is to be; it appears whole or not at all.
    title : str, optional
        Heading of the page; "Topics" without one.
    texts : sequence of str, optional
        The documents as they were written, one for each row, to be shown in place of their words. Of a
        document whose text is missing the words are shown.
    dates : sequence, optional
        Date or number of each document, for a section of topics over time.
    n_words : int, default=10
        Words of each topic.
    measures : str or sequence of str, default=("c_npmi", "c_v")
        Measures of coherence, see :func:`hftopic.analysis.topic_coherence`. On running text they take most of
        the time.
    n_documents : int, default=2000
        Documents to search at the most: those that stand for a topic, and others at random.
    n_permutations : int, default=999
        Of the test of correlations.
    vocabulary : sequence of str, optional
        Word of each column, where neither the model nor the corpus knows it.
    random_state : int, default=0
    verbose : int, default=0
        With 1, a progress bar.

    Raises
    ------
    FileNotFoundError
        The folder of ``path`` does not exist.
    IsADirectoryError
        ``path`` is a folder; nothing in it is touched.
    ImportError
        jinja2 or matplotlib is not installed: ``pip install 'hftopic[report]'``.
    ValueError
        ``texts`` or ``dates`` of another length than the corpus, a text that is no str, a number that is not
        positive, or words that are not the model's.
    TypeError, NotFittedError
        ``model`` is no topic model, or not fitted.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.report import write_report
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> write_report(model, corpus, "report.html", n_permutations=99)  # doctest: +SKIP
    """
    check_topic_model(model)
    numbers = {"n_words": n_words, "n_documents": n_documents, "n_permutations": n_permutations}
    for name, value in numbers.items():
        if not is_whole(value):
            raise ValueError(f"{name} must be a positive int, got {value!r}")
    template = _template()
    documents = _as_corpus(model, corpus, vocabulary)
    for name, given in (("texts", texts), ("dates", dates)):
        if given is not None and len(given) != len(documents):
            raise ValueError(
                f"{name} has {len(given)} entries for {len(documents)} documents; give one for each"
            )
    originals = None if texts is None else _checked_texts(texts)
    listed = [measures] if isinstance(measures, str) else list(measures)
    made_with = {
        "coherence": ", ".join(listed),
        "permutations": n_permutations,
        "words a topic": n_words,
        "seed of the report": random_state,
    }
    # Begun before the analysis, so that a path that cannot be is no loss of time.
    with written_whole(path) as draft:
        encoded = model.encode(documents)
        found = findings(
            model,
            documents,
            encoded,
            n_words=min(n_words, documents.n_words),
            measures=listed,
            dates=dates,
            n_permutations=n_permutations,
            random_state=random_state,
            verbose=verbose,
        )
        stand_in = found.representatives["document"].tolist()
        rows = chosen_documents(len(documents), stand_in, n_documents, random_state)
        variables = sections(model, documents, found, n_shown=len(rows), made_with=made_with)
        data = _data(model, documents, encoded, found, rows, originals)
        heading = "Topics" if title is None else str(title)
        draft.write_text(_rendered(template, heading, data, variables), encoding="utf-8")


def _checked_texts(texts: Sequence[str | None]) -> list[str | None]:
    """Texts with None where one is missing."""
    checked: list[str | None] = []
    for row, text in enumerate(texts):
        if not isinstance(text, str) and not pd.isna(text):
            raise ValueError(
                f"texts[{row}] must be a str, got {text!r}; give each document as it was written"
            )
        checked.append(text if isinstance(text, str) else None)
    return checked


def _rendered(template: Any, title: str, data: str, variables: dict[str, Any]) -> str:
    script = _own_file("page.js")
    page: str = template.render(
        title=visible(title),
        version=__version__,
        style=_own_file("style.css"),
        script=script,
        script_hash=_content_hash(script),
        data=data,
        zip=zip,
        **variables,
    )
    return page


def _template() -> Any:
    try:
        import matplotlib  # noqa: F401
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ImportError("a report needs jinja2 and matplotlib: pip install 'hftopic[report]'") from error
    environment = Environment(
        loader=PackageLoader("hftopic.report"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2")


def _own_file(name: str) -> str:
    return (resources.files("hftopic.report") / "templates" / name).read_text(encoding="utf-8")


def _content_hash(script: str) -> str:
    """What a content security policy calls a script by: no other one runs."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _as_corpus(model: FittedTopicModel, corpus: Any, vocabulary: Sequence[str] | None) -> Corpus:
    """Documents with their words."""
    if isinstance(corpus, Corpus):
        return corpus
    counts = corpus.to_numpy() if isinstance(corpus, pd.DataFrame) else corpus
    return Corpus(counts, column_words(model, vocabulary))


def _data(
    model: FittedTopicModel,
    corpus: Corpus,
    encoded: Any,
    found: Findings,
    rows: np.ndarray,
    texts: list[str | None] | None,
) -> str:
    """What the page's script reads, as JSON in which no character can end the element that holds it."""
    words, documents = document_data(model, corpus, encoded, rows, texts, found.active)
    colours = [[int(t), colour_number(int(model.topic_groups_[t]))] for t in found.active]
    names = {int(t): visible(found.names[t]) for t in found.active}
    content = {
        "words": words,
        "documents": documents,
        "topics": colours,
        "names": names,
        "signed": "proportion" not in found.summary,
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
