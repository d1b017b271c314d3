"""Choose the number of topics, the groups and γ by comparing settings over seeds.

    python examples/04_choose_a_model.py [CORPUS]

Every setting is fitted with two seeds and measured on held-out documents: perplexity, coherence, the number
of active topics, and how many topics recur with the other seed (stability). Perplexity always favours the
plain VAE, so choose by the others.

The same measures serve a search of your own, for example with optuna, which this script does not need:

    def objective(trial):
        size = trial.suggest_int("topics_of_a_group", 5, 25)
        model = ProdLDA(groups=(size, size), gamma=trial.suggest_float("gamma", 1, 10, log=True))
        comparison = compare(model, train=train, validation=validation, seeds=(0, 1))
        trial.set_user_attr("perplexity", comparison.table["perplexity"].mean())
        return comparison.best()["c_npmi"]

    optuna.create_study(direction="maximize").optimize(objective, n_trials=30, catch=(ValueError,))

With several directions: ``return tuple(comparison.best()[["c_npmi", "stability"]])``. If training diverged
for every setting, ``best`` raises a ValueError.
"""

import sys

import numpy as np

from hftopic import VAE, ProdLDA, load_docstrings, read_corpus
from hftopic.analysis import compare

corpus = read_corpus(sys.argv[1]) if len(sys.argv) > 1 else load_docstrings()[::8]
order = np.random.default_rng(0).permutation(len(corpus))
train, validation = corpus[order[len(corpus) // 5 :]], corpus[order[: len(corpus) // 5]]

comparison = compare(
    ProdLDA(max_iter=20),
    [
        {"groups": [20, (10, 10)], "gamma": [1.0, 4.0]},
        {"groups": [20], "objective": [VAE()]},
    ],
    train=train,
    validation=validation,
    seeds=(0, 1),
    reference=corpus,  # in so few held-out documents most pairs of words occur never or once
    verbose=1,
)
shown = ["name", "perplexity", "c_npmi", "c_npmi_sd", "diversity", "active_topics", "stability"]
print(comparison.summary()[shown].round(3).to_string(index=False))

best = comparison.best()
print(f"\nMost coherent: {best['name']}. Its first model's topics:")
print(comparison.models[best["name"]][0].top_words(6).to_string())
