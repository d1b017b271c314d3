"""Topic models that learn groups of topics.

Training pushes the topics of one group towards independence; topics of different groups may correlate.
Public names are imported when they are first used, so ``import hftopic`` loads neither torch nor gensim.
"""

from typing import TYPE_CHECKING

from hftopic._lazy import lazy_names

if TYPE_CHECKING:
    from hftopic._processes import ProcessLostError as ProcessLostError
    from hftopic._version import __version__ as __version__
    from hftopic._versions import show_versions as show_versions
    from hftopic.data.building import build_corpus as build_corpus
    from hftopic.data.corpus import Corpus as Corpus
    from hftopic.data.datasets import fetch_20newsgroups as fetch_20newsgroups
    from hftopic.data.datasets import load_docstrings as load_docstrings
    from hftopic.data.datasets import make_correlated_topics as make_correlated_topics
    from hftopic.data.embedding_models import embed_texts as embed_texts
    from hftopic.data.formats import FormatError as FormatError
    from hftopic.data.formats import read_corpus as read_corpus
    from hftopic.data.formats import register_format as register_format
    from hftopic.data.formats import write_corpus as write_corpus
    from hftopic.data.gensim_bags import corpus_from_gensim as corpus_from_gensim
    from hftopic.data.phrases import PhraseOptions as PhraseOptions
    from hftopic.data.shards import ShardedCorpus as ShardedCorpus
    from hftopic.data.shards import open_corpus as open_corpus
    from hftopic.data.text import TextOptions as TextOptions
    from hftopic.data.text import corpus_from_texts as corpus_from_texts
    from hftopic.data.tokens import corpus_from_tokens as corpus_from_tokens
    from hftopic.data.validation import CorpusError as CorpusError
    from hftopic.data.word_vectors import WordVectors as WordVectors
    from hftopic.data.word_vectors import read_word_vectors as read_word_vectors
    from hftopic.latent.encoded import Encoded as Encoded
    from hftopic.latent.groups import Concrete as Concrete
    from hftopic.latent.groups import Normal as Normal
    from hftopic.latent.posterior import Posterior as Posterior
    from hftopic.latent.priors import BlockCorrelation as BlockCorrelation
    from hftopic.latent.priors import DirichletLaplace as DirichletLaplace
    from hftopic.latent.priors import FullCovariance as FullCovariance
    from hftopic.latent.priors import LearnedCorrelation as LearnedCorrelation
    from hftopic.latent.priors import StandardNormal as StandardNormal
    from hftopic.models.edited import EditedModel as EditedModel
    from hftopic.models.editing import edit_topics as edit_topics
    from hftopic.models.etm import ETM as ETM
    from hftopic.models.loading import ModelFileError as ModelFileError
    from hftopic.models.loading import load as load
    from hftopic.models.nvdm import NVDM as NVDM
    from hftopic.models.nvlda import NVLDA as NVLDA
    from hftopic.models.pipeline import TopicPipeline as TopicPipeline
    from hftopic.models.prodlda import ProdLDA as ProdLDA
    from hftopic.models.registry import register as register
    from hftopic.models.seed_files import read_seed_words as read_seed_words
    from hftopic.models.settings import paper_text_settings as paper_text_settings
    from hftopic.objective import DIPVAE as DIPVAE
    from hftopic.objective import HFVAE as HFVAE
    from hftopic.objective import VAE as VAE
    from hftopic.objective import AnchoredVAE as AnchoredVAE
    from hftopic.objective import BetaTCVAE as BetaTCVAE
    from hftopic.objective import BetaVAE as BetaVAE
    from hftopic.objective import BottleneckVAE as BottleneckVAE
    from hftopic.objective import CapacityVAE as CapacityVAE
    from hftopic.objective import FactorVAE as FactorVAE
    from hftopic.objective import InfoVAE as InfoVAE
    from hftopic.objective import Ramp as Ramp
    from hftopic.topics.summary import NothingLearntWarning as NothingLearntWarning
    from hftopic.training.errors import CheckpointError as CheckpointError
    from hftopic.training.errors import TrainingDivergedError as TrainingDivergedError
    from hftopic.training.errors import TrainingStopped as TrainingStopped

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "_processes": ["ProcessLostError"],
        "_version": ["__version__"],
        "_versions": ["show_versions"],
        "data.building": ["build_corpus"],
        "data.corpus": ["Corpus"],
        "data.datasets": ["fetch_20newsgroups", "load_docstrings", "make_correlated_topics"],
        "data.embedding_models": ["embed_texts"],
        "data.formats": ["FormatError", "read_corpus", "register_format", "write_corpus"],
        "data.gensim_bags": ["corpus_from_gensim"],
        "data.phrases": ["PhraseOptions"],
        "data.shards": ["ShardedCorpus", "open_corpus"],
        "data.text": ["TextOptions", "corpus_from_texts"],
        "data.tokens": ["corpus_from_tokens"],
        "data.validation": ["CorpusError"],
        "data.word_vectors": ["WordVectors", "read_word_vectors"],
        "latent.encoded": ["Encoded"],
        "latent.groups": ["Concrete", "Normal"],
        "latent.posterior": ["Posterior"],
        "latent.priors": [
            "BlockCorrelation",
            "DirichletLaplace",
            "FullCovariance",
            "LearnedCorrelation",
            "StandardNormal",
        ],
        "models.edited": ["EditedModel"],
        "models.editing": ["edit_topics"],
        "models.etm": ["ETM"],
        "models.loading": ["ModelFileError", "load"],
        "models.nvdm": ["NVDM"],
        "models.nvlda": ["NVLDA"],
        "models.pipeline": ["TopicPipeline"],
        "models.prodlda": ["ProdLDA"],
        "models.registry": ["register"],
        "models.seed_files": ["read_seed_words"],
        "models.settings": ["paper_text_settings"],
        "objective.elbo": ["DIPVAE", "VAE", "AnchoredVAE", "BetaVAE", "CapacityVAE"],
        "objective.factor_vae": ["FactorVAE"],
        "objective.hfvae": ["HFVAE", "BetaTCVAE", "BottleneckVAE", "InfoVAE"],
        "objective.schedule": ["Ramp"],
        "topics.summary": ["NothingLearntWarning"],
        "training.errors": ["CheckpointError", "TrainingDivergedError", "TrainingStopped"],
    },
)
