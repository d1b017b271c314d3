"""Effects of metadata beside those that the authors of the R package stm have published.

    python benchmarks/effects_beside_stm.py > benchmarks/results/effects_beside_stm.jsonl

gadarian: answers to a survey experiment on immigration, three topics, effect of the treatment. Published for
``gadarianFit`` (extract.estimateEffect of tidystm, github.com/mikaelpoul/tidystm): mean shares of .282 with
the treatment and .443 without, .457 and .208, .261 and .349. The topic of crime, jobs and welfare rises
(Roberts et al., 2014, American Journal of Political Science 58(4), figures 4 to 6), that of law and border
falls. poliblog: posts of six blogs, 20 topics, difference between liberal and conservative ones: Bush's
presidency is largely liberal, Obama and McCain slightly, Sarah Palin is close to the middle but leans to
conservatives (Roberts, Stewart and Tingley, 2019, Journal of Statistical Software 91(2), figure 6).

A published topic is matched by its words: the topic of the fit in which they are most frequent beside the
corpus, unless that is the topic of one before; then the fit has none of its own for it. Prints a JSON line
for each published topic and seed. Corpora are those of ``../shared/corpora``.
"""

import argparse
import csv
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from hftopic import Corpus, ProdLDA, TextOptions, corpus_from_texts, read_corpus
from hftopic.analysis import Effects, estimate_effects

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"
# Published topics: the beginnings of their words, and the published effect or its sign.
GADARIAN = {
    "crime and welfare": (
        ["job", "tax", "pay", "care", "welfar", "crim", "system", "health", "cost", "school"],
        0.249,
    ),
    "law and border": (
        ["legal", "border", "need", "worr", "mexic", "think", "countr", "law", "worker"],
        -0.161,
    ),
}
POLIBLOG = {
    "Bush's presidency": (["bush", "presid", "administr", "cheney"], "+"),
    "Obama and McCain": (["obama", "mccain", "campaign"], "+"),
    "Sarah Palin": (["palin", "sarah", "alaska", "governor"], "-"),
}


def gadarian() -> Corpus:
    """The answers, with the treatment and the party identification."""
    with open(CORPORA / "gadarian" / "answers.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = [row["open_ended_response"] for row in rows]
    made = corpus_from_texts(texts, options=TextOptions(min_df=3, max_df=1.0))
    treatment = ["worry" if float(row["treatment"]) else "none" for row in rows]
    return Corpus(made.counts, made.vocabulary, metadata={"treatment": treatment})


def poliblog() -> Corpus:
    """The posts for training, with rating, day and blog."""
    folder = CORPORA / "poliblog"
    made = read_corpus(folder)
    made = made[np.asarray(made.splits) == "train"] if made.splits is not None else made
    with open(folder / "train_metadata.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known: dict[str, Any] = {name: [row[name] for row in rows] for name in ("rating", "blog")}
    known["day"] = [int(row["day"]) for row in rows]
    return Corpus(made.counts, made.vocabulary, metadata=known)


def best(model: ProdLDA, corpus: Corpus, effects: Effects, beginnings: list[str]) -> int:
    """The topic in which words with these beginnings are most frequent beside the corpus."""
    begins = np.array([word.startswith(tuple(beginnings)) for word in model.vocabulary_])
    frequency = np.asarray(corpus.counts.sum(axis=0)).ravel()
    ratio = np.log(effects.topic_word + 1e-6) - np.log(frequency / frequency.sum() + 1e-6)
    gain = (effects.topic_word * ratio)[:, begins].sum(axis=1)
    return int(effects.topics["topic"].iloc[int(gain.argmax())])


def measured(name: str, seed: int) -> None:
    """Print the effects of one fit on one corpus."""
    corpus = gadarian() if name == "gadarian" else poliblog()
    formula = "treatment" if name == "gadarian" else "rating + bs(day, df=4)"
    groups = (3,) if name == "gadarian" else (10, 10)
    model = ProdLDA(groups, random_state=seed).fit(corpus)
    effects = estimate_effects(model, corpus, formula, random_state=seed)
    first, second = (
        ({"treatment": "worry"}, {"treatment": "none"})
        if name == "gadarian"
        else ({"rating": "Liberal"}, {"rating": "Conservative"})
    )
    table, taken = effects.contrast(first, second).set_index("topic"), set[int]()
    for published, (beginnings, value) in (GADARIAN if name == "gadarian" else POLIBLOG).items():
        topic = best(model, corpus, effects, beginnings)
        if topic in taken:
            line = {"corpus": name, "seed": seed, "published": published, "value": value, "topic": None}
            print(json.dumps(line), flush=True)
            continue
        taken.add(topic)
        row = table.loc[topic]
        words = effects.topic_word[effects.topics["topic"].tolist().index(topic)].argsort()[::-1][:8]
        found = {key: round(float(row[key]), 3) for key in ("estimate", "low", "high", "p_adjusted")}
        line = {"corpus": name, "seed": seed, "published": published, "value": value, "topic": topic}
        told = {"words": " ".join(model.vocabulary_[words]), "topics": len(table)}
        print(json.dumps(line | found | told), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpora", nargs="+", default=["gadarian", "poliblog"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--quick", action="store_true", help="gadarian with one seed")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.corpora, arguments.seeds = ["gadarian"], [0]
    warnings.simplefilter("ignore")
    for name in arguments.corpora:
        if not (CORPORA / name).is_dir():
            print(json.dumps({"corpus": name, "skipped": f"{CORPORA / name} is not there"}), flush=True)
            continue
        for seed in arguments.seeds:
            measured(name, seed)


if __name__ == "__main__":
    main()
