"""Corpora read for a model, and a warning if most of their words are unknown to it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic.cli.terminal import note

if TYPE_CHECKING:
    from hftopic.data.corpus import Corpus
    from hftopic.models.fitted import FittedModel

FEWEST_DOCUMENTS = 20  # below it, few known words say little
FEWEST_KNOWN = 0.3  # share of known words below which there is a warning
SHORTEST = 2.0  # known words of a document, below which most have no topic
SAMPLE = 500  # documents whose unknown words are counted


def read_for(model: "FittedModel", path: Path, words_file: Path | None, **given: Any) -> "Corpus":
    """Corpus with the vocabulary of a model, read as the documents that the model was fitted on.

    Parameters
    ----------
    model : fitted model with a vocabulary
    path : Path
    words_file : Path or None
        Vocabulary of a folder of counts that has none.
    **given
        Arguments of :func:`hftopic.read_corpus`.

    Raises
    ------
    click.ClickException
        The documents and the model have no word in common.
    """
    from hftopic.data.formats import read_corpus

    if _lacks_words(path):
        corpus = read_corpus(path, vocabulary=words_file, **given).with_vocabulary(model.vocabulary_)
    else:
        corpus = read_corpus(path, like=model, **given)
    if len(corpus) and not corpus.n_tokens and reads_words(model):
        words = model.vocabulary_
        raise click.ClickException(
            f"{path} and the model have no word in common; the model has {len(words):,} words, such as "
            f"{', '.join(map(repr, words[:5]))}. Is this the right model, and the right column of texts?"
        )
    return corpus


def reads_words(model: "FittedModel") -> bool:
    """Whether a model reads the words of documents, and not their embeddings alone."""
    from hftopic.data.embeddings import encoder_input_of

    return encoder_input_of(model) != "embeddings"


def holds_counts(path: Path) -> bool:
    """Whether this is a folder of counts."""
    from hftopic.data.formats.folder import matrices
    from hftopic.data.shards.manifest import MANIFEST

    return path.is_dir() and ((path / MANIFEST).is_file() or bool(matrices(path)))


def _lacks_words(path: Path) -> bool:
    """Whether this is a folder of counts without a vocabulary."""
    from hftopic.data.formats.folder import words_file

    return holds_counts(path) and words_file(path) is None


def warn_of_unknown_words(model: "FittedModel", corpus: "Corpus") -> None:
    """Warn if a model knows few of the words of texts, or if hardly a word of each text is left."""
    if len(corpus) < FEWEST_DOCUMENTS:
        return
    share = known_share(model, corpus)
    each = corpus.n_tokens / len(corpus)
    if share is not None and share < FEWEST_KNOWN:
        told = f"the model knows only {share:.0%} of the words of these texts"
    elif each < SHORTEST:
        told = f"the model knows only {each:.1f} words of each text"
    else:
        return
    column = (corpus.reading or {}).get("text_column")
    which = f" ({column!r} was read)" if column else ""
    note(
        f"Warning: {told}: what follows says little of them. Is this the right column of texts{which}, the "
        "language of the model, and the right model?"
    )


def known_share(model: "FittedModel", corpus: "Corpus") -> float | None:
    """Share of the words of texts, without stop words, that are in the vocabulary of a model.

    It is that of a sample of ``SAMPLE`` documents, evenly spaced. None if the corpus has no texts, or a
    function of the user split them.
    """
    from hftopic.data.reading import options_of

    if corpus.texts is None or "tokenizer" in options_of(corpus.reading):
        return None
    import numpy as np

    from hftopic.data.corpus import CorpusError
    from hftopic.data.text import TextOptions, corpus_from_texts

    texts = [text for text in corpus.texts[:: max(1, len(corpus) // SAMPLE)] if text]
    options = TextOptions(**options_of(corpus.reading))
    every = replace(options, min_df=1, max_df=1.0, max_features=None, ngram_range=(1, 1))
    try:
        sample = corpus_from_texts(texts, options=every, keep_texts=False)
    except CorpusError:
        return None  # there is no word at all
    known = set(model.vocabulary_)
    is_known = np.array([word in known for word in sample.vocabulary])
    return float(sample.counts[:, is_known].sum() / sample.counts.sum())
