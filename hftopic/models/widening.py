"""A fitted ETM with more words than it was trained on, from the vectors of these."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from hftopic._wording import counted
from hftopic.data.inputs import known_words
from hftopic.data.validation import as_vocabulary, object_array
from hftopic.data.word_vectors import NoVectorsError, WordVectors, as_vectors, joined_vectors
from hftopic.models.exchange import twin
from hftopic.models.saving import WORDS
from hftopic.models.vectors import shown_words
from hftopic.networks.network import TopicNetwork
from hftopic.networks.widening import widened_state

if TYPE_CHECKING:
    from hftopic.models.etm import ETM

ModelT = TypeVar("ModelT", bound="ETM")


def widened(model: ModelT, words: Any, vectors: Any) -> ModelT:
    """The model with more words; see :meth:`hftopic.ETM.with_words`."""
    known = known_words(model)
    if known is None:
        raise ValueError(
            "the columns of this model have no words to which others could be added: fit it on a Corpus or a "
            "DataFrame"
        )
    new = _new_words(words, known)
    rows = _rows_of(model, new, vectors)
    wider = twin(model)
    for name in WORDS:
        if hasattr(model, name):
            setattr(wider, name, object_array([*known, *new]))
    wider.n_features_in_ = len(known) + len(new)
    wider.word_vectors = _joined(model, known, new, rows)
    wider._found = None
    wider._fitted_with = wider.get_params(deep=False)
    wider._network = _network_of(model, wider, rows)
    vars(wider).pop("_trainer", None)
    wider._expose()
    wider._remembered = ()
    wider._summaries, wider._automatic = [model._summary()], [model._automatic_names()]
    return wider


def _new_words(words: Any, known: NDArray[np.object_]) -> NDArray[np.object_]:
    new = as_vocabulary(words, None, name="words")
    held = set(known)
    twice = [word for word in new if word in held]
    if twice:
        raise ValueError(f"the model already has {shown_words(twice)}; leave out the words of its vocabulary")
    return new


def _rows_of(model: "ETM", words: NDArray[np.object_], vectors: Any) -> NDArray[np.float32]:
    """Vectors of the new words, in the scale in which those of the model were given."""
    source, size = vectors, model._decoder().topic_vectors.shape[1]
    if source is None:
        source = model.word_vectors
        if source is None or isinstance(source, np.ndarray):
            raise ValueError("the model has no vectors by word: pass those of the new words as vectors=")
    if isinstance(source, WordVectors | str | os.PathLike | Mapping) or hasattr(source, "key_to_index"):
        rows = _by_word(source, words, "vectors" if vectors is not None else "word_vectors of the model")
    else:
        rows = as_vectors(source, words)
    if rows.shape[1] != size:
        raise ValueError(f"the vectors have {counted(rows.shape[1], 'dimension')}, those of the model {size}")
    return rows


def _by_word(source: Any, words: NDArray[np.object_], name: str) -> NDArray[np.float32]:
    try:
        rows, places = WordVectors.of(source, words).for_words(words)
    except NoVectorsError:
        rows, places = np.empty((0, 0), np.float32), np.zeros(0, np.int64)
    missing = np.delete(words, places)
    if len(missing):
        raise ValueError(f"{name} have no vector of {shown_words(missing)}; leave it out or pass vectors=")
    return rows


def _joined(
    model: "ETM", known: NDArray[np.object_], words: NDArray[np.object_], rows: NDArray[np.float32]
) -> Any:
    """The parameter ``word_vectors`` with more words: of those of the model, and the new ones."""
    if model.word_vectors is None:
        return None
    decoder = model._decoder()
    given = decoder.given.cpu().numpy()
    if isinstance(model.word_vectors, np.ndarray):
        return np.concatenate([given, rows])
    held = WordVectors(known[decoder.given_words.cpu().numpy()], given)
    return joined_vectors(held, WordVectors(words, rows))


def _network_of(model: "ETM", wider: "ETM", rows: NDArray[np.float32]) -> TopicNetwork:
    """The network of the wider model: the weights of the model, and those of the new words."""
    given = torch.from_numpy(rows).to(model._network.device)
    state = widened_state(model._network, given, model.word_vectors is not None)
    n_words = wider.n_features_in_
    network = wider._build_network(torch.zeros(n_words, dtype=torch.float32), torch.Generator())
    network.load_state_dict(state)
    return network
