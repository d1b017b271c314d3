"""A saved model on the command line: its path and vocabulary."""

from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic.cli.options import Command
from hftopic.cli.values import existing_file, existing_path

if TYPE_CHECKING:
    from hftopic.analysis.models import FittedTopicModel
    from hftopic.models.edited import EditedModel
    from hftopic.models.etm import ETM
    from hftopic.models.fitted import FittedModel
    from hftopic.models.nvdm import NVDM
    from hftopic.models.nvlda import NVLDA
    from hftopic.models.prodlda import ProdLDA

    # A type checker compares the models with what the analysis asks of them.
    _models: tuple[type[FittedTopicModel], ...] = (ProdLDA, NVDM, NVLDA, ETM, EditedModel)


@dataclass(frozen=True)
class SavedModel:
    """Folder of a saved model, and the vocabulary file for a model without a vocabulary."""

    path: Path
    vocabulary: Path | None

    def read(self) -> "FittedModel":
        """The model, with ``vocabulary_`` if it has a vocabulary or ``--vocabulary`` is given.

        Raises
        ------
        click.ClickException
            ``--vocabulary`` does not have one word per column, or differs from the model's vocabulary.
        """
        import numpy as np

        from hftopic import load

        model = load(self.path)
        words = words_of(model)
        if self.vocabulary is not None:
            given = _listed(self.vocabulary, model.n_features_in_)
            if words not in (None, given):
                raise click.ClickException(
                    f"{self.path} has its own vocabulary, which differs from {self.vocabulary}; omit "
                    "--vocabulary. The vocabulary of a corpus of counts belongs in vocab.txt next to the "
                    "corpus"
                )
            words = given
        if words is not None:
            model.vocabulary_ = np.array(words, dtype=object)
            model.__dict__.pop("feature_names_in_", None)  # only vocabulary_ is compared with a corpus
        return model

    def read_with_words(self) -> "FittedModel":
        """The model with its vocabulary, which is needed to match the words of a corpus to its columns.

        Raises
        ------
        click.ClickException
            The model has no vocabulary, and none is given.
        """
        model = self.read()
        if words_of(model) is None:
            raise click.ClickException(
                f"{self.path} has no vocabulary: it was fitted on a bare matrix, so the words of a corpus "
                "cannot be matched to its columns. Pass --vocabulary FILE, a file with one word per line for "
                f"its {model.n_features_in_:,} columns"
            )
        return model


def words_of(model: object) -> list[str] | None:
    """Vocabulary of a model; None if it was fitted without one."""
    from hftopic.data.inputs import known_words

    words = known_words(model)
    return None if words is None else [str(word) for word in words]


def _listed(path: Path, n_words: int) -> list[str]:
    from hftopic.data.formats.vocabulary import read_vocabulary

    words = read_vocabulary(path, "utf-8")
    if len(words) != n_words:
        raise click.ClickException(
            f"{path} has {len(words):,} words, but the model has {n_words:,} columns; "
            "pass the words it was fitted on, one per line"
        )
    return words


def model_options(command: Command) -> Command:
    """Add ``MODEL`` and ``--vocabulary``; the command gets them as one argument ``model``."""

    @wraps(command)
    def with_model(*, model: Path, vocabulary: Path | None, **given: Any) -> Any:
        return command(model=SavedModel(model, vocabulary), **given)

    option = click.option(
        "--vocabulary",
        type=existing_file,
        help="File with the vocabulary, one word per line, for a MODEL fitted on a bare matrix.",
    )
    return click.argument("model", type=existing_path)(option(with_model))
