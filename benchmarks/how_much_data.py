"""How many documents and epochs a model needs: distinct topics of fits to parts of a corpus.

    python benchmarks/how_much_data.py > benchmarks/results/how_much_data.jsonl

Prints one JSON line for each fit. Documents are drawn from the training split, and words that fewer than
three of them have are left out. Topics are scored by their NPMI in the whole training split, so that all fits
to a corpus are measured alike. The test split is not scored.
"""

import argparse
import json
import warnings

import numpy as np
import scipy.sparse as sp
from scoring import figures, scorer, sources

# isort: split
from measurements import words_shown

from hftopic import ProdLDA
from hftopic.analysis import topic_information
from hftopic.training import Settings

CORPORA = ["bbc", "reuters", sources.CARRIED]
SIZES = (250, 500, 1000, 2000, 4000)
TOPICS = (10, 20, 50)
SHARES_OF_EPOCHS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
FEWEST_DOCUMENTS = 3
COHERENT = 0.1


def measured(
    corpus: str, data: scorer.Splits, n_documents: int, n_topics: int, share: float
) -> dict[str, object]:
    """One fit with two groups, over a share of the default number of epochs."""
    train: sp.csr_array = data.train
    rows = np.random.default_rng(0).permutation(train.shape[0])[:n_documents]
    words = np.flatnonzero((train[rows] > 0).sum(axis=0) >= FEWEST_DOCUMENTS)
    model = ProdLDA(groups=(n_topics // 2, n_topics // 2), random_state=0)
    epochs = max(round(share * Settings.of(model, n_documents).max_iter), 1)
    model.set_params(max_iter=epochs).fit(train[rows][:, words])
    active = topic_information(model, train[rows][:, words])["active"].to_numpy()
    shown = words_shown(model, [str(word) for word in range(len(words))])
    top = words[shown][active]
    coherence = scorer.npmi(top, train) if len(top) else np.zeros(0)
    return {
        "corpus": corpus,
        "documents": n_documents,
        "topics": n_topics,
        "share": share,
        "epochs": epochs,
        "words": len(words),
        "active": int(active.sum()),
        "npmi": figures.rounded(coherence.mean()) if len(top) else None,
        "distinct": scorer.distinct_good(top, coherence, at=COHERENT) if len(top) else 0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", nargs="+", default=CORPORA, help="names of folders, or docstrings")
    sources.add_option(parser)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # few epochs leave topics without information: it is what is measured
    for corpus, data in sources.available(arguments.corpus, arguments.corpora):
        sizes = [size for size in SIZES if size <= data.train.shape[0]]
        settings = [(size, topics, 1.0) for size in sizes for topics in TOPICS]
        settings += [(sizes[-1], 20, share) for share in SHARES_OF_EPOCHS]
        for size, topics, share in settings:
            print(json.dumps(measured(corpus, data, size, topics, share)), flush=True)


if __name__ == "__main__":
    main()
