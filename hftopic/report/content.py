"""Data of the page's script: words, topics and documents, packed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_datetime64_any_dtype

from hftopic.analysis.documents.periods import periods
from hftopic.analysis.models import FittedTopicModel, places_of
from hftopic.data.corpus import Corpus
from hftopic.latent.encoded import Encoded
from hftopic.plots.style import colour_number
from hftopic.report.documents import LONGEST_WORD, documents_to_show
from hftopic.report.findings import Findings
from hftopic.report.packing import packed_within
from hftopic.report.values import choices, mean_of, shortened, visible
from hftopic.report.views import eligible_words, poles_of, uses_of_words, view

MOST_INDEXED = 20_000  # words by which topics can be found


def page_data(
    model: FittedTopicModel,
    corpus: Corpus,
    encoded: Encoded,
    found: Findings,
    rows: NDArray[np.int64],
    texts: Sequence[str | None] | None,
    moments: "pd.Series[Any] | None",
) -> tuple[str, int]:
    """Packed data, and the number of characters at which original texts are cut."""
    shown = found.shown
    documents = documents_to_show(model, corpus, encoded, rows, texts, shown)
    poles, eligible = poles_of(model), eligible_words(corpus)
    places = places_of(model, shown)
    of_topics = [[pole.words(place, eligible) for pole in poles] for place in places.tolist()]
    indexed = _indexed(corpus)
    others = [documents.columns(), *(columns for of_topic in of_topics for columns in of_topic)]
    kept = np.unique(np.concatenate([indexed, *others]))
    codes, heads = _codes(corpus.labels, found.labels)
    spans, span_heads = _spans(corpus, moments, found.times)
    days = [] if moments is None else _days(moments)
    groups = dict(zip(shown.tolist(), np.asarray(model.topic_groups_)[places].tolist(), strict=True))
    fixed = {
        "topics": shown.tolist(),
        "colours": {topic: colour_number(group) for topic, group in groups.items()},
        "groups": groups,
        "names": {topic: visible(found.names[topic]) for topic in shown.tolist()},
        "signed": found.signed,
        "valueName": mean_of(signed=found.signed),
        "words": [shortened(visible(str(word)), LONGEST_WORD) for word in corpus.vocabulary[kept]],
        "uses": uses_of_words(model, kept, shown),
        "labels": heads,
        "labelSizes": _sizes(found.labels),
        "periods": span_heads,
        "periodSizes": _sizes(found.times),
        "views": {
            topic: view(topic, place, found, poles, columns, kept, rows)
            for topic, place, columns in zip(shown.tolist(), places.tolist(), of_topics, strict=True)
        },
    }
    of_rows = {
        "labels": None if codes is None else codes[rows].tolist(),
        "periods": None if spans is None else spans[rows].tolist(),
        "dates": None if moments is None else [days[row] for row in rows.tolist()],
    }
    return packed_within(lambda longest: fixed | {"documents": documents.content(kept, longest) | of_rows})


def _indexed(corpus: Corpus) -> NDArray[np.int64]:
    """Columns of the words in most documents, sorted."""
    documents = np.bincount(corpus.counts.indices, minlength=corpus.n_words)
    return np.sort(np.argsort(-documents, kind="stable")[:MOST_INDEXED])


def _codes(labels: Any, table: pd.DataFrame | None) -> tuple[NDArray[np.int64] | None, list[str]]:
    """Place of the label of each document in the table, -1 if it has none; and the labels."""
    if labels is None or table is None:
        return None, []
    return np.asarray(table.index.get_indexer(pd.Index(labels))), choices(table)


def _spans(
    corpus: Corpus, moments: "pd.Series[Any] | None", table: pd.DataFrame | None
) -> tuple[NDArray[np.int64] | None, list[str]]:
    """Place of the period of each document in the table, -1 if it has no date; and the periods."""
    if moments is None or table is None:
        return None, []
    known = moments.notna().to_numpy() & (np.diff(corpus.counts.indptr) > 0)
    places = np.full(len(moments), -1)
    found = periods(moments[known].reset_index(drop=True), None)
    places[known] = table.index.get_indexer(pd.Index(found))
    return places, choices(table)


def _days(moments: "pd.Series[Any]") -> list[str]:
    """Date of each document, "" if it is missing; a month or a year if no date has more than this."""
    known = moments.dropna()
    if is_datetime64_any_dtype(moments):
        unit = "Y" if (known.dt.day_of_year == 1).all() else "M" if (known.dt.day == 1).all() else "D"
        named = known.dt.to_period(unit).astype(str)
    else:
        named = known.map(str)
    return [str(name) for name in named.reindex(moments.index, fill_value="")]


def _sizes(table: pd.DataFrame | None) -> list[int]:
    """Number of documents of each label or period."""
    if table is None:
        return []
    sizes = table["documents"] if "documents" in table else pd.Series(table.attrs["documents"])
    return [int(size) for size in sizes]
