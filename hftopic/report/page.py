"""Self-contained HTML report of a model: it needs no network, and no word of the corpus can run a script."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pandas.api.types import is_scalar

from hftopic._files import prove_writable, written_whole
from hftopic._numbers import is_one_of, is_whole
from hftopic.analysis import Effects, estimate_effects
from hftopic.analysis.coherence import checked_measures
from hftopic.analysis.encoded import counts_of
from hftopic.analysis.models import FittedTopicModel, check_topic_model, documents_of, model_vocabulary
from hftopic.analysis.sampled import of_sampled, sample_of
from hftopic.data.columns import is_sharded
from hftopic.data.corpus import Corpus
from hftopic.data.dates import as_dates
from hftopic.data.inputs import column_words, holds_counts
from hftopic.data.sequences import check_sequence, described, listed, why_unwritable
from hftopic.latent.encoded import Encoded
from hftopic.report.content import page_data
from hftopic.report.documents import chosen_documents
from hftopic.report.findings import findings
from hftopic.report.rendering import page_template, rendered
from hftopic.report.result import Report
from hftopic.report.sections import sections


def write_report(
    model: FittedTopicModel,
    corpus: Any,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    topics: Literal["active", "all"] = "active",
    texts: Sequence[str | None] | None = None,
    dates: Any = None,
    effects: Effects | str | None = None,
    metadata: Any = None,
    n_words: int = 10,
    measures: str | Sequence[str] = ("c_npmi", "c_v"),
    n_documents: int = 2000,
    n_permutations: int = 999,
    vocabulary: Sequence[str] | None = None,
    random_state: int = 0,
    verbose: int = 0,
) -> Report:
    """Write a self-contained HTML report of a model on a corpus.

    The report opens with sentences on what the corpus is about, which topics are largest, what rises and
    falls, what goes with a label, the strongest pairs across groups, and what to be careful of. Then it shows
    the topics of each group with their words, the active topics, correlations, a map, a table of coherence
    and quality, topics by label and over time, training curves, searchable documents, and the settings. Every
    topic has a view of its own, to which all figures link. The report needs no network. Every table can be
    downloaded as CSV, and every figure as SVG or PNG. The same model, corpus and arguments give the same
    bytes. The perplexity of a corpus with more than 5,000 documents is that of a
    random sample of 5,000, with its standard error; all other figures are of all documents. A
    :class:`hftopic.ShardedCorpus` with more than 100,000 documents is represented by so many of them, at even
    distances, and the report says so.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    corpus : Corpus, ShardedCorpus, sparse matrix, ndarray, DataFrame or Encoded, (n_documents, n_words)
        Documents of the report. If the Corpus has ``tokens``, documents are shown in reading order and the
        coherence uses sliding windows. If it has ``labels``, there is a section of topics by label; ``texts``
        and ``dates`` are used as the parameters of this name.
    path : path-like
        Path of the HTML file, which is written atomically.
    title : str, optional
        Heading of the report; "Topics" by default.
    topics : {"active", "all"}, default="active"
        Topics shown. ``"active"`` leaves out topics that are not active and topics that repeat a more
        informative one, see :func:`hftopic.analysis.topic_summary`; the report says how many, and lists their
        names.
    texts : sequence of str, optional
        Original texts, one per document, shown instead of the tokens; by default those of the Corpus.
        Documents without a text show their words. Texts are cut after 3,000 characters, and after fewer if
        the page would be larger than 6 MB: the page says where.
    dates : sequence, optional
        Date or number of each document, for a section of topics over time; by default those of the Corpus.
    effects : Effects or str, optional
        Result of :func:`hftopic.analysis.estimate_effects`, or the formula of one, for a section of the
        effects of the metadata.
    metadata : DataFrame or dict of sequences, optional
        Columns of ``effects``, and of a model with prevalence, with one value per document; by default those
        of the Corpus. The result of ``encode`` has been encoded with its own.
    n_words : int, default=10
        Number of words per topic.
    measures : str or sequence of str, default=("c_npmi", "c_v")
        Coherence measures, see :func:`hftopic.analysis.topic_coherence`. On running text they take most of
        the time.
    n_documents : int, default=2000
        Maximum number of searchable documents: representative documents of each topic first, then a random
        sample.
    n_permutations : int, default=999
        Number of permutations of the correlation test.
    vocabulary : sequence of str, optional
        Word of each column, if the corpus has no vocabulary.
    random_state : int, default=0
        Seed of the permutations and of the random sample of documents.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    Report
        The path and the size of the file. A notebook shows the page.

    Raises
    ------
    FileNotFoundError, PermissionError, OSError
        The folder of ``path`` does not exist, or nothing can be written there. This is tried before the
        analysis.
    IsADirectoryError
        ``path`` is a folder; its content is not changed.
    ImportError
        jinja2 or matplotlib is not installed: ``pip install 'hftopic[report]'``.
    ValueError
        ``topics`` is unknown, ``texts`` or ``dates`` does not have one entry per document, a text is not a
        str, a text or the title was cut inside a character (a lone surrogate), a date cannot be read, see
        :func:`hftopic.analysis.topics_over_time`, a number is not positive, or the vocabulary does not match
        the model. Nothing is computed before these are found.
    TypeError, NotFittedError
        ``model`` is not a topic model, or is not fitted.

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
    if not is_one_of(topics, ("active", "all")):
        raise ValueError(f"topics={topics!r} is unknown; did you mean 'active' or 'all'?")
    heading = "Topics" if title is None else title
    if not isinstance(heading, str):
        raise ValueError(f"title must be a str, got {title!r} of type {type(title).__name__}")
    reason = why_unwritable(heading)
    if reason is not None:
        raise ValueError(f"title {reason}")
    template = page_template()
    n_all = None
    if is_sharded(corpus):
        sample, n_all = sample_of(corpus), len(corpus)
        texts, dates, metadata = (of_sampled(given, sample, n_all) for given in (texts, dates, metadata))
        corpus = sample.named_corpus
    source = corpus if holds_counts(corpus) else _encoded(model, corpus, metadata)
    documents = _as_corpus(model, source, vocabulary)
    of_texts: Any = documents.texts if texts is None else texts
    of_dates: Any = documents.dates if dates is None else dates
    originals = None if of_texts is None else _checked_texts(of_texts)
    moments = None if of_dates is None else as_dates(of_dates)
    if dates is None and moments is not None and not moments.notna().any():
        moments = None
    for name, given in (("texts", originals), ("dates", moments)):
        if given is not None and len(given) != len(documents):
            raise ValueError(
                f"{name} has {len(given)} entries for {len(documents)} documents; pass one per document"
            )
    if not isinstance(effects, Effects | str | None):
        raise TypeError(
            f"effects must be a formula, or what estimate_effects returns; got {described(effects)}"
        )
    measured = checked_measures(measures)
    made_with = {
        "coherence": ", ".join(measured),
        "permutations": n_permutations,
        "words per topic": n_words,
        "seed of the report": random_state,
    }
    if prove_writable(path).is_dir():  # before the analysis
        raise IsADirectoryError(f"{os.fspath(path)} is a folder; pass the path of a file to write")
    with written_whole(path) as draft:
        encoded = _encoded(model, source if isinstance(source, Encoded) else documents, metadata)
        if isinstance(effects, str):
            known = {"metadata": metadata, "random_state": random_state}
            effects = estimate_effects(model, encoded, effects, **known)
        found = findings(
            model,
            documents,
            encoded,
            topics=topics,
            n_words=min(n_words, documents.n_words),
            measures=measured,
            dates=moments,
            effects=effects,
            n_permutations=n_permutations,
            random_state=random_state,
            verbose=verbose,
        )
        stand_in = found.representatives["document"].tolist()
        rows = chosen_documents(len(documents), stand_in, n_documents, random_state)
        data, longest = page_data(model, documents, encoded, found, rows, originals, moments)
        cut_at = None if originals is None else longest
        variables = sections(
            model, documents, found, n_shown=len(rows), longest=cut_at, made_with=made_with, n_all=n_all
        )
        draft.write_text(rendered(template, heading, data, variables), encoding="utf-8")
    written = Path(path).resolve()
    return Report(written, written.stat().st_size)


def _encoded(model: Any, X: Any, metadata: Any) -> Encoded:
    """The encoded documents; the metadata are those of a prior that depends on them."""
    depends = getattr(model, "design_", None) is not None and not isinstance(X, Encoded)
    encoded: Encoded = model.encode(X, metadata=metadata) if depends else model.encode(X)
    return encoded


def _checked_texts(texts: Sequence[str | None]) -> list[str | None]:
    """Texts as a list; a missing text is None."""
    check_sequence(texts, "texts", "pass the original text of each document", lines=True)
    checked: list[str | None] = []
    for row, text in enumerate(listed(texts)):
        missing = text is None or (is_scalar(text) and pd.isna(text))
        if not isinstance(text, str) and not missing:
            raise ValueError(
                f"texts[{row}] must be a str, got {text!r}; pass the original text of each document"
            )
        reason = None if missing else why_unwritable(text)
        if reason is not None:
            raise ValueError(f"texts[{row}] {reason}")
        checked.append(None if missing else text)
    return checked


def _as_corpus(model: FittedTopicModel, X: Any, vocabulary: Sequence[str] | None) -> Corpus:
    """Documents as a Corpus, which has a vocabulary: that of the model, or its own if the model has none."""
    corpus = documents_of(X)
    words: Any = model_vocabulary(model, X, vocabulary)
    counts = counts_of(model, X)
    if isinstance(corpus, Corpus) and (vocabulary is None or np.array_equal(words, corpus.vocabulary)):
        return corpus
    if isinstance(corpus, Corpus):
        raise ValueError("the corpus has a vocabulary; remove vocabulary=, or pass the counts alone")
    return Corpus(counts, column_words(model, words))
