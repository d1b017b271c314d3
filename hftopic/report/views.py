"""Views of single topics: what the page's script shows of a topic that is opened."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic.analysis.models import FittedTopicModel, has_poles, places_of
from hftopic.data.corpus import Corpus
from hftopic.report.findings import Findings

N_RANKED = 25  # words ranked first by each balance of frequency and exclusivity
BALANCES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
SMALLEST_SHARE = 0.005  # minimum fraction of the documents that have a word of a view
N_PAIRS = 8  # maximum number of correlated topics listed within groups and across groups
SMALLEST_R = 0.05
N_TOPICS_OF_WORD = 6


class Pole:
    """Probabilities of the words at one pole of every topic, and how much higher they are than elsewhere."""

    def __init__(self, model: FittedTopicModel, sign: str, name: str) -> None:
        self.name = name
        self.probability = np.asarray(model.word_scores(by="probability", pole=sign), dtype=np.float64)
        divergence = np.asarray(model.word_scores(by="relevance", pole=sign), dtype=np.float64)
        tiny = np.finfo(np.float64).tiny
        # The relevance of a word is p(w|k) log(p(w|k) / p(w)).
        self.log_lift = divergence / self.probability.clip(tiny)

    def words(self, place: int, eligible: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Columns of the words of a topic that are among the first at any balance, sorted."""
        probability = self.probability[place]
        log_probability = np.log(probability.clip(np.finfo(np.float64).tiny))
        allowed = eligible & (probability > 0)
        first = [
            np.argsort(
                -np.where(allowed, b * log_probability + (1 - b) * self.log_lift[place], -np.inf),
                kind="stable",
            )
            for b in BALANCES
        ]
        chosen = np.unique(np.concatenate([ranked[:N_RANKED] for ranked in first]))
        return np.asarray(chosen[allowed[chosen]])


def poles_of(model: FittedTopicModel) -> list[Pole]:
    """Poles of the topics of a model: one, or two for signed topics."""
    if not has_poles(model):
        return [Pole(model, "+", "")]
    return [Pole(model, "+", "Positive pole"), Pole(model, "-", "Negative pole")]


def eligible_words(corpus: Corpus) -> NDArray[np.bool_]:
    """Words in enough documents to tell something about a topic; all if these are few."""
    documents = np.bincount(corpus.counts.indices, minlength=corpus.n_words)
    enough = documents >= max(2, SMALLEST_SHARE * len(corpus))
    return enough if enough.sum() >= N_RANKED else np.ones(corpus.n_words, dtype=bool)


def uses_of_words(
    model: FittedTopicModel, columns: NDArray[np.int64], shown: NDArray[np.int64]
) -> list[list[int]]:
    """Topics to which each word is most relevant, as :func:`hftopic.analysis.find_topics` ranks, flat.

    Each has its number, the percent of the documents with the word that use it for the topic, and its
    relevance in 10⁻⁵ nats. For signed topics it is the pole where the word is more relevant.
    """
    places = places_of(model, shown)
    signs = ("+", "-")[: 1 + has_poles(model)]
    scores, shares = (
        np.stack([np.asarray(model.word_scores(by=by, pole=s))[places][:, columns].T for s in signs])
        for by in ("relevance", "exclusivity")
    )
    better = scores.argmax(axis=0)[None]
    scores, shares = (np.take_along_axis(of, better, axis=0)[0] for of in (scores, shares))
    leading = np.argsort(-scores, axis=1, kind="stable")[:, :N_TOPICS_OF_WORD]
    values = np.stack(
        [
            shown[leading],
            *(
                np.rint(scale * np.take_along_axis(of, leading, axis=1))
                for scale, of in ((100, shares), (1e5, scores))
            ),
        ],
        axis=2,
    ).astype(int)
    return [of[of[:, 2] > 0].ravel().tolist() for of in values]


def view(
    topic: int,
    place: int,
    found: Findings,
    poles: list[Pole],
    columns: list[NDArray[np.int64]],
    kept: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> dict[str, Any]:
    """View of one topic, at a place in the arrays of the model, in the format of the page's script.

    Words are places in `kept`, and documents places in `rows`.
    """
    return {
        "poles": [
            {
                "name": pole.name,
                "words": np.searchsorted(kept, chosen).tolist(),
                "p": [float(f"{p:.4g}") for p in pole.probability[place, chosen]],
                "lift": [float(f"{lift:.4g}") for lift in np.exp(pole.log_lift[place, chosen])],
            }
            for pole, chosen in zip(poles, columns, strict=True)
        ],
        "documents": _documents(topic, found.representatives, rows),
        "pairs": _pairs(topic, found.correlation.pairs),
        **_means(topic, found.labels, "label"),
        **_means(topic, found.times, "time"),
    }


def _documents(topic: int, table: pd.DataFrame, rows: NDArray[np.int64]) -> list[int]:
    """Places of the representative documents that are on the page, in order."""
    own = table.loc[table["topic"] == topic, "document"].to_numpy()
    own = own[np.isin(own, rows)]
    return [int(place) for place in np.searchsorted(rows, own)]


def _pairs(topic: int, pairs: pd.DataFrame) -> list[list[Any]]:
    """Correlated topics: number, r, 1 if it is in another group, and the adjusted p-value."""
    own = pairs[
        ((pairs["topic_a"] == topic) | (pairs["topic_b"] == topic)) & (pairs["r"].abs() >= SMALLEST_R)
    ]
    own = own.groupby("across", sort=False).head(N_PAIRS)
    others = np.where(own["topic_a"] == topic, own["topic_b"], own["topic_a"]).tolist()
    numbers = zip(
        others, own["r"].round(4), own["across"].astype(int), own["p_adjusted"].round(4), strict=True
    )
    return [[other, float(r), int(across), float(p)] for other, r, across, p in numbers]


def _means(topic: int, table: pd.DataFrame | None, kind: str) -> dict[str, Any]:
    """Means by label or over time, with their standard errors; nothing if there are none."""
    if table is None or topic not in table.columns:
        return {}
    errors = table.attrs["errors"][topic]  # pandas copies those of all topics with each column
    means = table.to_numpy()[:, table.columns.get_loc(topic)]
    return {
        f"{kind}Means": [round(float(mean), 5) for mean in means],
        f"{kind}Errors": [round(np.nan_to_num(errors[str(value)]).item(), 5) for value in table.index],
    }
