"""Topic models that learn groups of topics.

Inside a group topics are pushed to be independent; across groups they may correlate.
Public names are imported when first used, so that ``import hftopic`` does not load torch or gensim.
"""

import importlib
from importlib.metadata import version
from typing import Any

__version__ = version("hftopic")

_HOME = {
    "Corpus": "corpus",
    "CorpusError": "corpus",
    "TextOptions": "text",
    "corpus_from_texts": "text",
    "read_corpus": "formats",
    "write_corpus": "formats",
    "fetch_20newsgroups": "datasets",
    "load_docstrings": "datasets",
    "make_correlated_topics": "datasets",
    "Concrete": "latent",
    "Normal": "latent",
    "BlockCorrelation": "priors",
    "DirichletLaplace": "priors",
    "FullCovariance": "priors",
    "StandardNormal": "priors",
    "AnchoredVAE": "objective",
    "BetaTCVAE": "objective",
    "BetaVAE": "objective",
    "BottleneckVAE": "objective",
    "CapacityVAE": "objective",
    "DIPVAE": "objective",
    "FactorVAE": "objective",
    "HFVAE": "objective",
    "InfoVAE": "objective",
    "Ramp": "objective",
    "VAE": "objective",
    "ProdLDA": "estimator",
    "NVDM": "estimator",
    "TrainingDivergedError": "training",
    "load": "estimator",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hftopic' has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(f"hftopic.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
