"""Quality of the models with their defaults: topics, likelihoods, correlations, time.

    python benchmarks/quality.py                                   # every corpus and model
    python benchmarks/quality.py --corpus docstrings --model prodlda-hfvae --seeds 0 1 2 3 4

Prints one JSON line for each fit. Corpora that are not there are skipped by name. "docstrings" is always
there: the package makes it from the packages that are installed. Topics and completion are scored by
``experiments/scorer.py``, which takes matrices and imports nothing of this package. Corpus perplexity and
information are the package's own. ``fit_seconds`` is wall-clock time, so run nothing else beside it.
"""

import argparse
import json

from scoring import sources

# isort: split
from measurements import made_with, measure

from hftopic import NVDM, ProdLDA, paper_text_settings
from hftopic.objective import VAE

CORPORA = ["20ng_avitm1995", "bbc", "reuters", "agnews", "20ng_ecrtm5000", "dblp", sources.CARRIED]
MODELS = {
    "prodlda-vae": lambda seed: ProdLDA(groups=50, objective=VAE(), random_state=seed),
    "prodlda-hfvae": lambda seed: ProdLDA(groups=(25, 25), random_state=seed),
    "prodlda-hfvae-paper": lambda seed: ProdLDA((25, 25), **paper_text_settings(), random_state=seed),
    "nvdm-vae": lambda seed: NVDM(groups=50, objective=VAE(), random_state=seed),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", nargs="+", default=CORPORA, help="names of folders, or docstrings")
    parser.add_argument("--model", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    sources.add_option(parser)
    arguments = parser.parse_args()
    for corpus, data in sources.available(arguments.corpus, arguments.corpora):
        for name in arguments.model:
            for seed in arguments.seeds:
                model = MODELS[name](seed)
                line = {"corpus": corpus, "model": name, "seed": seed, **measure(model, data, as_shown=True)}
                line |= made_with(model, data.train, data.vocabulary)
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
