"""The training loop: one epoch at a time, with warm-up, early stopping and a history that is plain data."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import scipy.sparse as sp
import torch
from torch import Tensor
from tqdm import tqdm

from hftopic.batches import Batch, batch_slices, shuffled_batches
from hftopic.networks import TopicNetwork
from hftopic.objective import Objective, Step, Terms, loss

Record = dict[str, float]
"""One row of the history: the epoch's number and settings, and the mean of each term in nats per document."""

Callback = Callable[[Record], bool | None]
"""Called with each epoch's record; returning True ends the training."""

GRADIENT_NORM = 1000.0  # on 20 Newsgroups none is above 370: only accidents are clipped
ADAM_BETAS = (0.9, 0.999)
LOWEST_RATE = 0.02  # of the learning rate, at the end of its cosine
DIVERGED = 1000.0  # times the loss of a model that knows nothing, log V nats a token


class TrainingDivergedError(RuntimeError):
    """Training left the finite numbers; the estimator keeps the weights of the last good epoch.

    Attributes
    ----------
    term : str
        The term of the objective that was first to go.
    epoch : int
        The epoch in which it went, counted from 1.
    """

    def __init__(self, term: str, epoch: int, kept_epoch: int, learning_rate: float) -> None:
        super().__init__(
            f"training diverged in epoch {epoch}: the term {term!r} is not finite or out of all proportion. "
            f"Lower learning_rate (now {learning_rate:g}) or the weight of that term, or lengthen warm_up. "
            f"The model holds the weights of epoch {kept_epoch}"
        )
        self.term, self.epoch = term, epoch


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes
    ----------
    batch_size : int
    max_iter : int
        Epochs.
    learning_rate : float
        Of Adam at its highest.
    warm_up : int
        Epochs over which the weights of all terms but the reconstruction rise from 0.
    patience : int
        Epochs without a better validation loss before training stops; the best weights are kept.
    """

    batch_size: int
    max_iter: int
    learning_rate: float
    warm_up: int
    patience: int


class Trainer:
    """Optimiser of one network: steps, epochs and validation.

    Parameters
    ----------
    network : TopicNetwork
    objective : Objective
    settings : Settings
    generator : torch.Generator
        Source of all randomness, on the CPU.
    """

    def __init__(
        self, network: TopicNetwork, objective: Objective, settings: Settings, generator: torch.Generator
    ) -> None:
        self.network, self.objective, self.settings, self.generator = network, objective, settings, generator
        self.parameters = list(network.parameters())
        self.optimiser = torch.optim.Adam(
            self.parameters, lr=settings.learning_rate, betas=ADAM_BETAS, fused=True
        )
        self.epoch = 0
        self.records: list[Record] = []
        self.keep()

    def run_epoch(
        self, counts: sp.csr_array, n_documents: int, decay: Callable[[float], float] | None = None
    ) -> Record:
        """One pass over ``counts``; its record, added to ``records``.

        Raises
        ------
        TrainingDivergedError
            The network then holds the weights of the epoch before.
        """
        self.network.train()
        n_steps = len(batch_slices(counts.shape[0], self.settings.batch_size))
        rows, sizes = [], []
        batches = shuffled_batches(counts, self.settings.batch_size, self.generator, self.network.device)
        for i, batch in enumerate(batches):
            at = self.epoch + i / n_steps
            self._set_learning_rate(self.settings.learning_rate * (decay(at) if decay else 1.0))
            rows.append(self._step(batch, n_documents, self._warmth(at)))
            sizes.append(len(batch))
        rows.append(self._after_the_last_step(batch, n_documents))
        names, values = list(rows[0]), torch.stack([torch.stack(list(row.values())) for row in rows]).cpu()
        self._check_finite(names, values, counts)
        self.epoch += 1
        means = (values[:-1].double() * torch.tensor(sizes)[:, None]).sum(0) / sum(sizes)
        record = {
            "epoch": self.epoch,
            "learning_rate": self.optimiser.param_groups[0]["lr"],
            "warm_up": self._warmth(self.epoch),
            **dict(zip(names, means.tolist(), strict=True)),
        }
        self.records.append(record)
        return record

    def _step(self, batch: Batch, n_documents: int, warmth: float) -> Terms:
        terms = self._terms(batch, n_documents, self._noise(len(batch)), self.generator)
        per_document = loss(terms, self.objective.weights, warmth)
        mean_loss = per_document.mean()
        self.optimiser.zero_grad()
        mean_loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters, GRADIENT_NORM)
        self.optimiser.step()
        return _means(mean_loss, terms)

    def _after_the_last_step(self, batch: Batch, n_documents: int) -> Terms:
        """Terms of the weights an epoch ends with, which no step of it has tried."""
        self.network.eval()
        with torch.no_grad():
            terms = self._terms(batch, n_documents, self._noise(len(batch), _fixed_generator()), None)
            return _means(loss(terms, self.objective.weights, 1.0).mean(), terms)

    def _terms(self, batch: Batch, n_documents: int, noise: Tensor, dropout: torch.Generator | None) -> Terms:
        network = self.network
        posterior = network.encoder(batch, dropout)
        z = posterior.sample(noise)
        log_likelihood = network.decoder(z, dropout).log_likelihood(batch)
        return self.objective.terms(
            Step(log_likelihood, posterior, z, network.prior, network.space, n_documents)
        )

    def validation_loss(self, counts: sp.csr_array, n_documents: int) -> float:
        """Objective at full weights on held-out documents, nats per document, with the same noise always."""
        self.network.eval()
        generator = _fixed_generator()
        total = 0.0
        with torch.no_grad():
            for rows in batch_slices(counts.shape[0], self.settings.batch_size):
                batch = Batch.from_csr(counts[rows], self.network.device)
                terms = self._terms(
                    batch, max(n_documents, len(batch)), self._noise(len(batch), generator), None
                )
                total += loss(terms, self.objective.weights, 1.0).double().sum().item()
        return total / counts.shape[0]

    def keep(self) -> None:
        """Remember the weights as they are now."""
        self.kept_epoch = self.epoch
        self._kept = {name: value.clone() for name, value in self.network.state_dict().items()}

    def restore(self) -> None:
        """Go back to the weights last kept."""
        self.network.load_state_dict(self._kept)

    def _noise(self, n_rows: int, generator: torch.Generator | None = None) -> Tensor:
        shape = (n_rows, self.network.space.n_dims)
        return torch.randn(shape, generator=generator or self.generator).to(self.network.device)

    def _warmth(self, epochs_done: float) -> float:
        return min(1.0, epochs_done / self.settings.warm_up) if self.settings.warm_up else 1.0

    def _set_learning_rate(self, rate: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def _check_finite(self, names: list[str], values: Tensor, counts: sp.csr_array) -> None:
        n_documents, n_words = counts.shape
        limit = DIVERGED * (1 + math.log(n_words) * float(counts.sum()) / n_documents)
        bad = ~(values.abs() <= limit)  # true for NaN as well
        if bad.any():
            first = int(bad.any(1).nonzero()[0])
            term = names[max(i for i in range(len(names)) if bad[first, i])]
            self.restore()
            raise TrainingDivergedError(term, self.epoch + 1, self.kept_epoch, self.settings.learning_rate)


def _means(mean_loss: Tensor, terms: Terms) -> Terms:
    return {"loss": mean_loss.detach(), **{name: term.detach().mean() for name, term in terms.items()}}


def _fixed_generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def train(
    trainer: Trainer,
    counts: sp.csr_array,
    validation: sp.csr_array | None = None,
    callbacks: Sequence[Callback] = (),
    verbose: bool = False,
) -> None:
    """All epochs of a fit: the learning rate falls along a cosine, the best or the last weights stay.

    With validation documents, training stops after ``patience`` epochs without a lower validation loss,
    counted from the end of the warm-up, and the best weights are restored.

    Raises
    ------
    TrainingDivergedError
        The network then holds the weights last kept: the best, or those of the epoch before.
    """
    settings, n_documents = trainer.settings, counts.shape[0]
    best, best_epoch = math.inf, 0
    with tqdm(total=settings.max_iter, desc="fit", unit="epoch", disable=not verbose) as bar:
        while trainer.epoch < settings.max_iter:
            record = trainer.run_epoch(counts, n_documents, _cosine(settings.max_iter))
            if validation is not None:
                record["validation_loss"] = trainer.validation_loss(validation, n_documents)
            if record.get("validation_loss", -math.inf) < best:
                trainer.keep()
                best, best_epoch = record.get("validation_loss", math.inf), trainer.epoch
            bar.update()
            bar.set_postfix(loss=f"{record['loss']:.2f}")
            asked_to_stop = [callback(dict(record)) for callback in callbacks]
            waited = trainer.epoch - max(best_epoch, settings.warm_up)
            if any(asked_to_stop) or (validation is not None and waited >= settings.patience):
                break
    trainer.restore()


def _cosine(max_iter: int) -> Callable[[float], float]:
    return lambda epochs_done: (
        LOWEST_RATE + (1 - LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * epochs_done / max_iter))
    )
