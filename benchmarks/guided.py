"""Topics guided by seed words: do they catch the labels that the words are of, and does that harm the rest?

    python benchmarks/guided.py > benchmarks/results/guided.jsonl
    python benchmarks/guided.py --quick
    python benchmarks/guided.py --split validation --strengths 0.2 0.5 0.8 1   # how the default was chosen

Each label is guided by five words. "chosen" words have the highest chi2 between the label and the presence of
the word in the training documents, among the words that are more frequent there than elsewhere. "written"
words were written down from the names of the labels, without a look at documents. A document is assigned to
the guided topic with the largest share; macro-F1 is that over the documents of the guided labels.

``task`` "labels" guides all labels that have 1.5% of the documents or more. ``task`` "half" guides every
second of them, with written words, and measures the rest: NPMI of the topics without seed words, perplexity
of completion, and purity over the documents of the labels without.

Baselines: ``counts``: the label with the most seed words in the document. ``matched``: the model without seed
words, whose topics are matched to the labels by their probability of the seed words. ``lda``: LDA with prior
counts for the seed words (tomotopy, as in GuidedLDA). ``corex``: CorEx with anchor words (corextopic). The
last two are skipped where their library is not installed.

Models are fitted on 3,000 documents of each corpus; ``--most 0`` takes all. Prints one JSON line for each
method; ``matched`` and the tasks share one fit without seed words.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from adapters.conversion import token_lists
from scipy.optimize import linear_sum_assignment
from scoring import figures, scorer, sources
from sklearn.feature_selection import chi2
from sklearn.metrics import f1_score

from hftopic import Corpus, ProdLDA

CORPORA = ["20ng_avitm1995", "bbc", "reuters", "agnews"]
N_WORDS, N_TOPICS, FEWEST = 5, 50, 0.015  # words of a label; topics; share of the documents of a guided label
WRITTEN = {
    "bbc": {
        "business": "market company shares economy profit",
        "entertainment": "film music actor award album",
        "politics": "party election minister labour vote",
        "sport": "match player team coach cup",
        "tech": "software computer mobile internet technology",
    },
    "agnews": {
        "0": "president government troops minister killed",
        "1": "game team season coach win",
        "2": "stocks profit company shares oil",
        "3": "software computer internet microsoft space",
    },
    "reuters": {
        "earn": "profit loss net dividend earnings",
        "acq": "acquisition merger takeover shares acquire",
        "crude": "oil crude barrels opec petroleum",
        "trade": "trade deficit exports imports tariffs",
        "money-fx": "dollar currency yen exchange intervention",
        "interest": "rate interest rates lending prime",
        "money-supply": "money supply deposits fed reserves",
        "ship": "ship port shipping vessel strike",
    },
    "20ng_avitm1995": {
        "0": "atheism atheist god religion moral",
        "1": "graphics image format file program",
        "2": "windows microsoft dos driver file",
        "3": "drive scsi bus controller card",
        "4": "mac apple monitor drive hardware",
        "5": "window server motif application display",
        "6": "sale offer shipping price sell",
        "7": "car engine dealer drive oil",
        "8": "bike ride motorcycle road dod",
        "9": "baseball pitcher hit team season",
        "10": "hockey team nhl game playoff",
        "11": "encryption key clipper chip security",
        "12": "circuit voltage wire signal power",
        "13": "doctor disease medical patient treatment",
        "14": "space nasa orbit launch satellite",
        "15": "church christ jesus faith bible",
        "16": "gun weapon firearm law police",
        "17": "israel arab jew turkish armenian",
        "18": "president government tax clinton job",
        "19": "christian religion god jesus moral",
    },
}


class Task(NamedTuple):
    """Documents to fit on and to score, and the seed words of each label that is guided."""

    train: sp.csr_array
    test: sp.csr_array
    test_labels: np.ndarray
    vocabulary: list[str]
    seeds: dict[str, list[str]]

    @property
    def columns(self) -> list[list[int]]:
        """Columns of the seed words of each label."""
        place = {word: column for column, word in enumerate(self.vocabulary)}
        return [[place[word] for word in words] for words in self.seeds.values()]


def main() -> None:
    arguments = parsed()
    for corpus, data in sources.available(arguments.corpus, arguments.corpora):
        of_corpus = list(tasks(corpus, data, arguments))
        plain = plain_models(of_corpus[0][1], epochs_of(arguments))
        for told, task in of_corpus:
            for name, method in methods(told["task"], plain, arguments).items():
                for seed in arguments.seeds:
                    start = time.perf_counter()
                    scores = method(task, seed)
                    line = {"corpus": corpus, **told, "method": name, "seed": seed}
                    line |= {key: figures.rounded(value) for key, value in scores.items()}
                    print(json.dumps({**line, "seconds": round(time.perf_counter() - start, 1)}), flush=True)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", nargs="+", default=CORPORA, help="names of folders")
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--words", nargs="+", choices=("chosen", "written"), default=["chosen", "written"])
    parser.add_argument("--task", nargs="+", choices=("labels", "half"), default=["labels", "half"])
    parser.add_argument("--strengths", nargs="*", type=float, default=[ProdLDA().seed_strength])
    parser.add_argument("--baselines", nargs="*", choices=BASELINES, default=list(BASELINES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--most", type=int, default=3000, help="documents to fit on; 0 for all")
    parser.add_argument("--quick", action="store_true", help="500 documents of bbc, few epochs")
    sources.add_option(parser)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.corpus, arguments.most = ["bbc"], 500
    return arguments


def tasks(
    corpus: str, data: scorer.Splits, arguments: argparse.Namespace
) -> Iterator[tuple[dict[str, Any], Task]]:
    """Each task of a corpus, with what tells it from others."""
    train, labels, test, test_labels = data.train, data.train_labels, data.test, data.test_labels
    assert labels is not None
    assert test_labels is not None
    if arguments.split == "validation":
        held_out = np.random.default_rng(0).random(train.shape[0]) < 0.2
        test, test_labels = train[held_out], labels[held_out]
        train, labels = train[~held_out], labels[~held_out]
    if arguments.most:
        rows = np.random.default_rng(1).permutation(train.shape[0])[: arguments.most]
        train, labels = train[rows], labels[rows]
    names, sizes = np.unique(labels, return_counts=True)
    frequent = names[sizes >= FEWEST * len(labels)].tolist()
    guided = [label for label in frequent if label in WRITTEN.get(corpus, frequent)]
    for words in arguments.words:
        known = set(data.vocabulary)
        seeds = chosen_words(train, labels, data.vocabulary, guided) if words == "chosen" else WRITTEN[corpus]
        sets = {label: [one for one in listed(seeds[label]) if one in known] for label in guided}
        for task in arguments.task:
            if task == "half" and words == "chosen":
                continue
            used = guided if task == "labels" else guided[::2]
            told = {"task": task, "words": words, "split": arguments.split}
            sets_used = {label: sets[label] for label in used}
            yield told, Task(train, test, test_labels, data.vocabulary, sets_used)


def listed(words: str | list[str]) -> list[str]:
    return words.split() if isinstance(words, str) else words


def chosen_words(
    counts: sp.csr_array, labels: np.ndarray, vocabulary: list[str], guided: list[str]
) -> dict[str, list[str]]:
    """Five words of each label, by chi2."""
    present = sp.csr_array((counts > 0).astype(np.float64))
    chosen = {}
    for label in guided:
        is_label = labels == label
        scores, _ = chi2(present, is_label)
        higher = present[is_label].mean(0) > present[~is_label].mean(0)
        scores = np.where(higher, np.nan_to_num(scores), -1)
        chosen[label] = [vocabulary[column] for column in np.argsort(-scores, kind="stable")[:N_WORDS]]
    return chosen


def caught(shares: np.ndarray, task: Task) -> dict[str, float]:
    """Macro-F1 and accuracy over the documents of guided labels: the guided topic with the largest share."""
    guided = list(task.seeds)
    known = np.isin(task.test_labels, guided)
    found = np.array(guided)[np.asarray(shares)[known].argmax(1)]
    truth = task.test_labels[known]
    return {
        "f1": f1_score(truth, found, average="macro", labels=guided, zero_division=0),
        "accuracy": (truth == found).mean(),
        "labels": len(guided),
    }


def fitted(task: Task, seed: int, epochs: int | None, **parameters: Any) -> ProdLDA:
    corpus = Corpus(task.train, task.vocabulary)
    return ProdLDA(random_state=seed, max_iter=epochs, **parameters).fit(corpus)


def plain_models(task: Task, epochs: int | None) -> Callable[[int], ProdLDA]:
    """The model without seed words by its seed, fitted once."""
    return cache(lambda seed: fitted(task, seed, epochs))


def epochs_of(arguments: argparse.Namespace) -> int | None:
    return 3 if arguments.quick else None


def guided(task: Task, seed: int, *, strength: float, epochs: int | None) -> dict[str, float]:
    model = fitted(task, seed, epochs, seed_words=task.seeds, seed_strength=strength)
    topics = model.guided_topics_["topic"].to_numpy()
    return {**caught(model.transform(task.test)[:, topics], task), **of_the_rest(model, topics, task)}


def matched(task: Task, model: ProdLDA) -> dict[str, float]:
    """Topics without guidance, matched to the labels by the mean log probability of the seed words."""
    log_p = np.log(model.topic_word_)
    fit = np.array([log_p[:, words].mean(1) for words in task.columns])  # (labels, topics)
    topics = linear_sum_assignment(-fit)[1]
    return {**caught(model.transform(task.test)[:, topics], task), **of_the_rest(model, topics, task)}


def of_the_rest(model: ProdLDA, topics: np.ndarray, task: Task) -> dict[str, float]:
    """Quality of the topics that are not guided, and of the whole model."""
    rest = np.setdiff1d(np.flatnonzero(model.topic_summary_["active"]), topics)
    npmi = scorer.npmi(scorer.top_words(model.word_scores()), task.train)
    other = ~np.isin(task.test_labels, list(task.seeds))
    scores = {
        "npmi_guided": npmi[topics].mean(),
        "npmi_rest": npmi[rest].mean(),
        "active_rest": len(rest),
        "completion": scorer.completion_perplexity(model.word_probabilities, task.test),
    }
    if other.any():
        shares = model.transform(task.test[other])
        scores["purity_rest"] = scorer.purity(shares, task.test_labels[other])
    return scores


def counted(task: Task, seed: int) -> dict[str, float]:  # noqa: ARG001
    """The label with the most tokens of its seed words; the first without any."""
    shares = np.array([task.test[:, words].sum(1) for words in task.columns]).T
    return caught(shares, task)


def lda(task: Task, seed: int, *, rounds: int = 1000) -> dict[str, float]:
    """LDA whose prior of a seed word is 1 in its topic, and 0.01 in others (Jagarlamudi et al. 2012)."""
    from tomotopy import LDAModel

    model = LDAModel(k=N_TOPICS, seed=seed)
    for words in token_lists(task.train, task.vocabulary):
        model.add_doc(words)
    for topic, words in enumerate(task.seeds.values()):
        for word in words:
            known = model.get_word_prior(word)
            prior = list(known) if len(known) else [model.eta] * N_TOPICS
            prior[topic] = 1.0
            model.set_word_prior(word, prior)
    model.train(rounds, workers=1)
    made = [model.make_doc(words) for words in token_lists(task.test, task.vocabulary)]
    return caught(np.array(model.infer(made, workers=1)[0])[:, : len(task.seeds)], task)


def corex(task: Task, seed: int) -> dict[str, float]:
    """CorEx with anchor words of strength 3 (Gallagher et al. 2017)."""
    from corextopic.corextopic import Corex

    model = Corex(n_hidden=N_TOPICS, seed=seed)
    present, of_test = (sp.csr_matrix((counts > 0).astype(int)) for counts in (task.train, task.test))
    with redirect_stdout(sys.stderr):  # it prints a warning
        model.fit(present, words=task.vocabulary, anchors=list(task.seeds.values()), anchor_strength=3)
    return caught(model.transform(of_test, details=True)[0][:, : len(task.seeds)], task)


LIBRARIES = {"lda": "tomotopy", "corex": "corextopic"}
BASELINES: dict[str, Any] = {"counts": counted, "matched": matched, "lda": lda, "corex": corex}


def methods(
    task: str, plain: Callable[[int], ProdLDA], arguments: argparse.Namespace
) -> dict[str, Callable[[Task, int], dict[str, float]]]:
    """The methods of a task; those without a library, or that have no figures for it, are left out."""
    found: dict[str, Callable[[Task, int], dict[str, float]]] = {}
    for name in arguments.baselines:
        if name == "matched":
            found[name] = lambda task, seed: matched(task, plain(seed))
        elif task == "labels" and (name not in LIBRARIES or find_spec(LIBRARIES[name]) is not None):
            found[name] = (
                partial(lda, rounds=10) if (name, arguments.quick) == ("lda", True) else BASELINES[name]
            )
    for strength in arguments.strengths:
        found[f"guided {strength:g}"] = partial(guided, strength=strength, epochs=epochs_of(arguments))
    return found


if __name__ == "__main__":
    main()
