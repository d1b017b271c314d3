"""The training loop: epochs, warm-up, early stopping, and a history of plain data."""

import copy
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, Self, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from hftopic._progress import progress
from hftopic._torch_state import neutral_torch
from hftopic.data.batches import batch_slices, shuffled_batches
from hftopic.data.documents import Documents, Rows
from hftopic.grouping import Grouping
from hftopic.latent.assignment import Order
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import Noise
from hftopic.networks.network import Network
from hftopic.objective.base import Objective, loss
from hftopic.objective.minibatch import MIXTURES, Mixing
from hftopic.objective.schedule import Progress
from hftopic.objective.terms import Step, Terms

BatchT = TypeVar("BatchT")

Record = dict[str, float]
"""One row of the history: number and settings of an epoch, and the mean of each term in nats per document."""

Callback = Callable[[Record], bool | None]
"""Function called with the record of each epoch; if it returns True, training ends."""

AUTOMATIC_STEPS = 20  # mini-batches per epoch with batch_size="auto", within the limits below
SMALLEST_BATCH, LARGEST_BATCH = 64, 256
FEWEST_STEPS = 1200  # steps of a training with max_iter=None; more for a larger corpus than that below,
STEPS_SUFFICE_FOR = 2500  # in proportion to the square root of its number of documents
UNKNOWN_EPOCHS = 60  # epochs with max_iter=None, if the number of documents is unknown
GRADIENT_NORM = 1000.0  # on 20 Newsgroups no gradient norm is above 370, so only outliers are clipped
ADAM_BETAS = (0.9, 0.999)
ADAM_MOMENTS = ("exp_avg", "exp_avg_sq")
LOWEST_RATE = 0.02  # end of the cosine schedule, as a fraction of the learning rate
INERT_SHARE = 0.9  # mean own_share above which the estimate of I(x; z) is saturated at log N: no gradient
DIVERGED = 1000.0  # multiple of the first reconstruction term, which is that of an untrained network


class TrainingDivergedError(RuntimeError):
    """Training diverged: a term is NaN, infinite or too large.

    The estimator keeps the weights of the last good epoch.

    Attributes
    ----------
    term : str
        The term of the objective that diverged first.
    epoch : int
        The epoch in which it diverged, counted from 1.
    """

    def __init__(self, term: str, epoch: int, kept_epoch: int, learning_rate: float) -> None:
        super().__init__(
            f"training diverged in epoch {epoch}: the term {term!r} is NaN, infinite or too large. "
            f"Lower learning_rate (now {learning_rate:g}), lower the weight of that term, or increase "
            f"warm_up. The model keeps the weights of epoch {kept_epoch}"
        )
        self.term, self.epoch = term, epoch
        self._arguments = (term, epoch, kept_epoch, learning_rate)

    def __reduce__(self) -> tuple[Any, ...]:
        """Arguments for unpickling, so that a worker process can report the error."""
        return type(self), self._arguments


@dataclass(frozen=True)
class Settings:
    """Training settings: the parameters of an estimator that the training loop reads, under the same names.

    See :class:`hftopic.ProdLDA` for the meaning of each. To pass another parameter of the estimator to the
    training loop, add a field with its name. Here ``max_iter`` is always a number of epochs.
    """

    batch_size: int | str
    max_iter: int
    learning_rate: float
    warm_up: int | float
    patience: int
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


class Trainer(Generic[BatchT]):
    """Training of one network: optimisation steps, epochs and validation.

    Parameters
    ----------
    network : Network
        Any network, including a network of images. Its documents must provide the mini-batches that it reads.
    objective : Objective
    settings : Settings
    generator : torch.Generator
        Source of all randomness, on the CPU.
    learns_groups : bool, default=False
        Whether topics are assigned to groups during training, see :mod:`hftopic.grouping`.
    """

    @neutral_torch()
    def __init__(
        self,
        network: Network[BatchT],
        objective: Objective,
        settings: Settings,
        generator: torch.Generator,
        learns_groups: bool = False,
    ) -> None:
        self.network, self.objective, self.settings, self.generator = network, objective, settings, generator
        self.grouping = Grouping(network, learns_groups)
        self.companion = self._new_companion()
        self.parameters = list(network.parameters())
        self.optimiser = torch.optim.Adam(
            self.parameters, lr=settings.learning_rate, betas=ADAM_BETAS, fused=True
        )
        self.epoch = 0
        self.records: list[Record] = []
        self._since_kept: Order
        self._largest_term: float | None = None
        self.keep()

    def configure(self, objective: Objective, settings: Settings, learns_groups: bool) -> None:
        """Continue training with another objective or other settings."""
        changed = objective != self.objective
        self.objective, self.settings = objective, settings
        self.grouping.learns_groups = learns_groups
        if changed:
            self.companion = self._new_companion()

    def _new_companion(self) -> Any:
        companion = self.objective.companion(self.network.space, self.generator)
        return None if companion is None else companion.to(self.network.device)

    @neutral_torch()
    def run_epoch(
        self,
        documents: Documents[BatchT],
        n_documents: int,
        decay: Callable[[float], float] | None = None,
    ) -> Record:
        """Train for one epoch; return its record, which is also appended to ``records``.

        Parameters
        ----------
        documents : Documents
        n_documents : int
            Number of documents that these represent: the size of the corpus or of the whole stream.
        decay : function, optional
            Factor of the learning rate after a number of epochs; by default the rate is constant.

        Raises
        ------
        TrainingDivergedError
            The network then keeps the weights last kept, such as those of the previous epoch.
        """
        self.learn_grouping(n_documents, self.epoch)
        self.network.train()
        size = self.settings.documents_a_step(n_documents)
        batches = list(shuffled_batches(len(documents), size, self.generator))
        source = self._source(documents, n_documents)
        values_of_steps, sizes = [], []
        for i, rows in enumerate(batches):
            at = self.epoch + i / len(batches)
            self._set_learning_rate(self.settings.learning_rate * (decay(at) if decay else 1.0))
            values_of_steps.append(self._step(source, rows, at))
            sizes.append(len(rows))
        values_of_steps.append(self._after_the_last_step(source, batches[-1]))
        names = list(values_of_steps[0])
        values = torch.stack([torch.stack(list(step.values())) for step in values_of_steps]).cpu()
        self._check_finite(names, values)
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

    def learn_grouping(self, n_documents: int, epoch: int) -> None:
        """Exchange topics between groups, and renew the correlations of the prior, as before an epoch."""
        progress = Progress(epoch, self.settings.max_iter)
        order = self.grouping.best_order(self.objective, progress)
        if order is not None:
            self.exchange(order)
        self.grouping.renew_prior(self.objective, progress, n_documents)

    def exchange(self, order: Order) -> None:
        """Reorder the topics of the network, with the state of the optimiser: place i gets ``order[i]``."""
        names = {id(parameter): name for name, parameter in self.network.named_parameters()}
        self.network.reorder(order, self.network.state_dict())
        for moment in ADAM_MOMENTS:
            state = {
                names[id(parameter)]: of_parameter[moment]
                for parameter, of_parameter in self.optimiser.state.items()
                if moment in of_parameter
            }
            self.network.reorder(order, state)
        self._since_kept = self._since_kept[order]

    def _step(self, source: "_Source[BatchT]", rows: Rows, at: float) -> Terms:
        noise = self._noise(len(rows))
        step = self._forward(source, rows, noise, self.generator, at)
        terms = self.objective.terms(step)
        per_document = loss(terms, self._weights(at), self._warmth(at))
        mean_loss = per_document.mean()
        self.optimiser.zero_grad()
        mean_loss.backward()  # type: ignore[no-untyped-call]
        clip_gradients(self.parameters)
        self.optimiser.step()
        if self.companion is not None:
            self.companion.learn(step.sample)
        return _means(mean_loss, terms)

    def _after_the_last_step(self, source: "_Source[BatchT]", rows: Rows) -> Terms:
        """Terms at the weights after the last update of an epoch, which no step has evaluated."""
        self.network.eval()
        with torch.no_grad():
            at = self.epoch + 1.0
            noise = self._noise(len(rows), _fixed_generator())
            terms = self.objective.terms(self._forward(source, rows, noise, None, at))
            return _means(loss(terms, self._weights(at), 1.0).mean(), terms)

    def _forward(
        self,
        source: "_Source[BatchT]",
        rows: Rows,
        noise: Noise,
        dropout: torch.Generator | None,
        at: float,
    ) -> Step:
        """One pass through the network: posterior of the mini-batch, one sample of it, and the likelihood."""
        network, progress = self.network, Progress(at, self.settings.max_iter)
        batch = source.documents.batch(rows, network.device)
        if source.everything is None:
            components, posterior = None, network.encode(batch, dropout)
        else:
            components = network.encode(source.everything, dropout)
            posterior = components[torch.from_numpy(rows).to(network.device)]
        if network.training:
            network.moments.observe(posterior, source.mixing.n_documents)
        temperatures = [concrete.temperature_at(progress.share) for concrete in network.space.concretes]
        sample = posterior.sample(noise, temperatures)
        return Step(
            network.decode(sample, dropout).log_likelihood(batch),
            posterior,
            sample,
            source.prior,
            source.mixing,
            components,
            progress,
            self.companion,
            network.moments.aggregate() if self.settings.marginals == "gaussian" else None,
        )

    def _source(self, documents: Documents[BatchT], n_documents: int) -> "_Source[BatchT]":
        """Source of the mini-batches; with full marginals it also holds all documents."""
        settings = self.settings
        if settings.marginals != "full":
            mixture = MIXTURES[0] if settings.marginals == "gaussian" else settings.marginals
            mixing = Mixing(mixture, n_documents, settings.partners)
            return _Source(documents, mixing, self.network.prior)
        everything = documents.batch(np.arange(len(documents)), self.network.device)
        return _Source(documents, Mixing("full", len(documents)), self.network.prior, everything)

    @neutral_torch()
    def validation_loss(self, documents: Documents[BatchT], n_documents: int) -> float:
        """Loss on held-out documents with the final weights of the objective, in nats per document.

        Every epoch uses the same noise, and the weights and temperatures of the last epoch, so that the
        losses of all epochs are comparable.
        """
        self.network.eval()
        generator = _fixed_generator()
        total, end = 0.0, float(self.settings.max_iter)
        slices = batch_slices(len(documents), self.settings.documents_a_step(n_documents))
        batches = [np.arange(s.start, s.stop) for s in slices]
        source = self._source(documents, max(n_documents, *map(len, batches)))
        with torch.no_grad():
            for rows in batches:
                step = self._forward(source, rows, self._noise(len(rows), generator), None, end)
                per_document = loss(self.objective.terms(step), self._weights(end), 1.0)
                total += per_document.double().sum().item()
        return total / len(documents)

    def keep(self, epoch: int | None = None) -> None:
        """Keep a copy of the current weights, those of the last epoch unless they are of another."""
        self.kept_epoch = self.epoch if epoch is None else epoch
        self._kept = {name: value.clone() for name, value in self.network.state_dict().items()}
        self._since_kept = np.arange(self.network.space.n_dims)

    @property
    def kept_loss(self) -> float:
        """Validation loss of the weights last kept or, without validation, their training loss."""
        record = next((one for one in self.records if one["epoch"] == self.kept_epoch), {})
        return record.get("validation_loss", record.get("loss", math.inf))

    def restore(self) -> None:
        """Restore the weights last kept, and the order that their topics had."""
        self.exchange(np.argsort(self._since_kept))
        self.network.load_state_dict(self._kept)

    def kept_network(self) -> Network[BatchT]:
        """A network with the weights last kept, which further training does not change."""
        known = self.network.state_dict(keep_vars=True)
        of_copy = {
            id(value): nn.Parameter(self._kept[name]) if isinstance(value, nn.Parameter) else self._kept[name]
            for name, value in known.items()
        }
        return copy.deepcopy(self.network, of_copy)

    def _noise(self, n_rows: int, generator: torch.Generator | None = None) -> Noise:
        return Noise.draw(n_rows, self.network.space, generator or self.generator, self.network.device)

    def _weights(self, at: float) -> dict[str, float]:
        return self.objective.weights(self.network.space, Progress(at, self.settings.max_iter))

    def _warmth(self, epochs_done: float) -> float:
        warm_up = self.settings.warm_up_epochs
        return min(1.0, epochs_done / warm_up) if warm_up else 1.0

    def _set_learning_rate(self, rate: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def _check_finite(self, names: list[str], values: Tensor) -> None:
        """Raise an error if a weighted term is NaN, infinite or too large; ``values`` has a row per step."""
        if self._largest_term is None:
            first = float(values[0, names.index("reconstruction")].abs())
            highest = torch.finfo(values.dtype).max
            self._largest_term = min(DIVERGED * (1 + first), highest) if math.isfinite(first) else highest
        weighted = {"loss", "reconstruction", *self._weights(self.epoch)}
        columns = [i for i, name in enumerate(names) if name in weighted]
        bad = ~(values[:, columns].abs() <= self._largest_term)  # true for NaN as well
        if bad.any():
            first_step = int(bad.any(1).nonzero()[0])
            term = names[columns[int(bad[first_step].nonzero()[-1])]]
            self.restore()
            raise TrainingDivergedError(term, self.epoch + 1, self.kept_epoch, self.settings.learning_rate)


@dataclass(frozen=True)
class _Source(Generic[BatchT]):
    """Source of the mini-batches, how one represents all documents in the marginals, and the prior."""

    documents: Documents[BatchT]
    mixing: Mixing
    prior: LatentPrior
    everything: BatchT | None = None


def clip_gradients(parameters: Sequence[Tensor]) -> None:
    """Scale all gradients down if their total norm is above ``GRADIENT_NORM``."""
    torch.nn.utils.clip_grad_norm_(parameters, GRADIENT_NORM)


def _means(mean_loss: Tensor, terms: Terms) -> Terms:
    return {
        "loss": mean_loss.detach(),
        **{name: torch.as_tensor(term, dtype=torch.float32).detach().mean() for name, term in terms.items()},
    }


def _fixed_generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def train(
    trainer: Trainer[BatchT],
    documents: Documents[BatchT],
    validation: Documents[BatchT] | None = None,
    callbacks: Sequence[Callback] = (),
    verbose: bool = False,
) -> None:
    """All epochs of a fit, with a cosine schedule of the learning rate.

    With validation documents, training stops after ``patience`` epochs without a lower validation loss,
    counted from the end of the warm-up and from the assignment of topics to groups, and the best weights
    since this assignment are restored. Without them, the last weights are kept. If training ends before the
    assignment, topics are assigned at the end.

    Raises
    ------
    TrainingDivergedError
        The network then keeps the best weights so far or, without validation, those of the previous epoch.
    """
    settings, n_documents = trainer.settings, len(documents)
    best, best_epoch = math.inf, 0
    settled = trainer.grouping.settled_epoch(settings.max_iter)
    bar = progress(total=settings.max_iter, desc="fit", unit="epoch", verbose=verbose)
    with neutral_torch(), bar:
        while trainer.epoch < settings.max_iter:
            record = trainer.run_epoch(documents, n_documents, _cosine(settings.max_iter))
            if validation is not None:
                record["validation_loss"] = trainer.validation_loss(validation, n_documents)
            if record.get("validation_loss", -math.inf) < best or trainer.epoch <= settled:
                trainer.keep()
                best_epoch = trainer.epoch
                best = math.inf if trainer.epoch <= settled else record.get("validation_loss", math.inf)
            bar.update()
            bar.set_postfix(loss=f"{record['loss']:.2f}")
            asked_to_stop = [callback(dict(record)) for callback in callbacks]
            waited = trainer.epoch - max(best_epoch, settings.warm_up_epochs, settled)
            if any(asked_to_stop) or (validation is not None and waited >= settings.patience):
                break
    trainer.restore()
    cut = trainer.grouping.cut_epoch(settings.max_iter)
    if trainer.epoch <= cut:
        trainer.learn_grouping(n_documents, cut)
    warn_of_inert_alpha(trainer)


def warn_of_inert_alpha(trainer: Trainer[Any]) -> None:
    """Warn if I(x; z) has a weight other than 1, but its estimate is saturated and has no gradient."""
    share = trainer.records[-1].get("own_share", 0.0) if trainer.records else 0.0
    if trainer.objective.weighs_information and share > INERT_SHARE:
        warnings.warn(
            f"the weight of the mutual information in {trainer.objective!r} had little effect: a "
            f"document's own component makes up {share:.0%} of the estimate of q(z), so the estimate of "
            "I(x; z) is saturated. Use fewer topics, a larger batch_size, or marginals='full' "
            "(see own_share in history_)",
            UserWarning,
            stacklevel=5,
        )


def _cosine(max_iter: int) -> Callable[[float], float]:
    return lambda epochs_done: (
        LOWEST_RATE + (1 - LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * epochs_done / max_iter))
    )
