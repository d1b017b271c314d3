"""Which setting should I take: how many topics, in how many groups, how strongly apart?

    python examples/06_choose_a_model.py [CORPUS]

Every setting is fitted with two seeds and measured on documents held out: how well it predicts (perplexity),
how well its topics read (coherence), how many are active, and how far they recur when the seed changes
(stability). The first alone always favours the plain VAE, so the choice is made by the others.

The same measures serve a search of your own. With optuna, which is not needed here, it is

    def objective(trial):
        size = trial.suggest_int("topics_of_a_group", 5, 25)
        model = ProdLDA(groups=(size, size), gamma=trial.suggest_float("gamma", 1, 10, log=True))
        comparison = compare(model, train=train, validation=validation, seeds=(0, 1))
        trial.set_user_attr("perplexity", comparison.table["perplexity"].mean())
        return comparison.best()["c_npmi"]

    optuna.create_study(direction="maximize").optimize(objective, n_trials=30, catch=(ValueError,))

and with several directions, ``return tuple(comparison.best()[["c_npmi", "stability"]])``. Where training
diverged there is nothing to return: ``best`` says so by a ValueError.
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
    reference=corpus,  # so few documents as are held out hold most pairs of words never, or once
    verbose=1,
)
shown = ["name", "perplexity", "c_npmi", "c_npmi_sd", "diversity", "active_topics", "stability"]
print(comparison.summary()[shown].round(3).to_string(index=False))

best = comparison.best()
print(f"\nMost coherent: {best['name']}. Its first model's topics:")
print(comparison.models[best["name"]][0].top_words(6).to_string())
