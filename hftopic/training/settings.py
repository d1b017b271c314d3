"""Settings of training, and what they are for a corpus of some size."""

import math
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

AUTOMATIC_STEPS = 20  # mini-batches per epoch with batch_size="auto", within the limits below
SMALLEST_BATCH, LARGEST_BATCH = 64, 256
FEWEST_STEPS = 1200  # steps of a training with max_iter=None; more for a larger corpus than that below,
STEPS_SUFFICE_FOR = 2500  # in proportion to the square root of its number of documents
UNKNOWN_EPOCHS = 60  # epochs with max_iter=None, if the number of documents is unknown


@dataclass(frozen=True)
class Settings:
    """Training settings: the parameters of an estimator that the training loop reads, under the same names.

    See :class:`hftopic.ProdLDA` for the meaning of each. To pass another parameter of the estimator to the
    training loop, add a field with its name. Here ``max_iter`` is always a number of epochs.
    """

    batch_size: int | str = "auto"
    max_iter: int = UNKNOWN_EPOCHS
    learning_rate: float = 0.004
    warm_up: int | float = 0.1
    patience: int = 10
    marginals: str = "gaussian"
    partners: int | None = None

    @classmethod
    def of(cls, estimator: Any, n_documents: int | None = None) -> Self:
        """Settings from the parameters of an estimator, for a corpus of ``n_documents`` if it is known."""
        values = {field.name: getattr(estimator, field.name) for field in fields(cls)}
        if values["max_iter"] is None:
            known = cls(**{**values, "max_iter": UNKNOWN_EPOCHS})
            values["max_iter"] = UNKNOWN_EPOCHS if n_documents is None else known.epochs_for(n_documents)
        return cls(**values)

    @property
    def warm_up_epochs(self) -> int:
        """Epochs of the warm-up; a float is a fraction of ``max_iter``."""
        whole = isinstance(self.warm_up, int | np.integer)
        return int(self.warm_up) if whole else round(self.warm_up * self.max_iter)

    def documents_a_step(self, n_documents: int) -> int:
        """Mini-batch size for this number of training documents.

        With "auto" a small corpus has enough steps per epoch, and a large corpus has large mini-batches.
        """
        if isinstance(self.batch_size, str):
            return min(max(n_documents // AUTOMATIC_STEPS, SMALLEST_BATCH), LARGEST_BATCH)
        return int(self.batch_size)

    def epochs_for(self, n_documents: int) -> int:
        """Number of epochs with enough steps for this number of training documents.

        A small corpus needs about as many steps as a larger one, and therefore more epochs.
        """
        n_steps = FEWEST_STEPS * max(1.0, math.sqrt(n_documents / STEPS_SUFFICE_FOR))
        return math.ceil(n_steps * min(1.0, self.documents_a_step(n_documents) / n_documents))
