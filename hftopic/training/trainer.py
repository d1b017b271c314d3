"""Training of one network: optimisation steps, epochs and validation."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from hftopic._adam import Adam, OfRows, coalesced
from hftopic._processes import ALONE, Processes, working_with
from hftopic._torch_state import neutral_torch
from hftopic.data.documents import Documents, Rows
from hftopic.data.order import Steps, shuffled
from hftopic.data.transfer import transferred
from hftopic.grouping import Grouping
from hftopic.latent.assignment import Order
from hftopic.latent.posterior import Noise
from hftopic.networks.network import Network
from hftopic.objective.base import Objective, loss
from hftopic.objective.minibatch import MIXTURES, Mixing
from hftopic.objective.schedule import Progress
from hftopic.objective.terms import Step, Terms
from hftopic.training.errors import TrainingDivergedError
from hftopic.training.minibatch import MiniBatch, Source, means
from hftopic.training.records import LOOK_EVERY, Record, Totals, first_not_finite
from hftopic.training.settings import Settings
from hftopic.training.state import ADAM_MOMENTS, Position

BatchT = TypeVar("BatchT")

GRADIENT_NORM = 1000.0  # on 20 Newsgroups no gradient norm is above 370, so only outliers are clipped
ADAM_BETAS = (0.9, 0.999)
RENEW_EVERY = 8  # steps, about as many as the moments are averaged over at least
DIVERGED = 1000.0  # multiple of the first reconstruction term, which is that of an untrained network


class Trainer(Generic[BatchT]):
    """Training of one network: optimisation steps, epochs and validation.

    Parameters
    ----------
    network : Network
        Any network, including a network of images. Its documents must provide the mini-batches that it reads.
    objective : Objective
    settings : Settings
    generator : torch.Generator
        Source of all randomness, on the CPU; the same in all processes.
    learns_groups : bool, default=False
        Whether topics are assigned to groups during training, see :mod:`hftopic.grouping`.
    processes : Processes, default=ALONE
        Processes that train the network together. Each has a copy of the network, which gets the weights of
        that of the first, and computes a part of every mini-batch.
    """

    @neutral_torch()
    def __init__(
        self,
        network: Network[BatchT],
        objective: Objective,
        settings: Settings,
        generator: torch.Generator,
        learns_groups: bool = False,
        processes: Processes = ALONE,
    ) -> None:
        self.network, self.objective, self.settings, self.generator = network, objective, settings, generator
        self.grouping = Grouping(network, learns_groups)
        self.companion = self._new_companion()
        self.processes, self.own_generator = processes, _own_generator(generator, processes)
        self._begin_alike()
        self.parameters = list(network.parameters())
        self.optimiser = Adam(self.parameters, lr=settings.learning_rate, betas=ADAM_BETAS, fused=True)
        self.of_rows = [module for module in network.modules() if isinstance(module, OfRows)]
        for module in self.of_rows:
            module.row_gradients = processes.size == 1  # several processes add dense gradients
        self.epoch = 0
        self.records: list[Record] = []
        self.since_kept: Order
        self.largest_term: float | None = None
        self.position: Position | None = None
        self.keep()

    def _begin_alike(self) -> None:
        """Give the network the weights of that of the first process."""
        for tensor in self.network.state_dict().values() if self.processes.size > 1 else ():
            if self.processes.rank:
                tensor.zero_()
            self.processes.sum_([tensor])

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
        after_step: Callable[[], None] | None = None,
    ) -> Record:
        """Train for one epoch, or the rest of one; return its record, which is also appended to ``records``.

        Parameters
        ----------
        documents : Documents
        n_documents : int
            Number of documents that these represent: the size of the corpus or of the whole stream.
        decay : function, optional
            Factor of the learning rate after a number of epochs; by default the rate is constant.
        after_step : function, optional
            It is called after every step but the last, when the state of the trainer can be read.

        Raises
        ------
        TrainingDivergedError
            The network then keeps the weights last kept, such as those of the previous epoch.
        """
        try:
            totals = self._steps_of_epoch(documents, n_documents, decay, after_step)
        finally:
            self.position = None
        self.epoch += 1
        record = {
            "epoch": self.epoch,
            "learning_rate": self.optimiser.param_groups[0]["lr"],
            "warm_up": self._warmth(self.epoch),
            **totals.means(),
        }
        self.records.append(record)
        return record

    def _steps_of_epoch(
        self,
        documents: Documents[BatchT],
        n_documents: int,
        decay: Callable[[float], float] | None,
        after_step: Callable[[], None] | None,
    ) -> Totals:
        if self.position is None:
            self.learn_grouping(n_documents, self.epoch)
            self.position = Position(self.generator.get_state())
        self.network.train()
        steps, position = self._steps(documents, n_documents), self.position
        source, totals = self._source(documents, n_documents, self.processes), position.totals
        batches = self._batches(documents, steps, position)
        for rows, batch in transferred(batches, self.network.device):
            mini = MiniBatch(batch, rows, steps.sizes(position.step), self.processes.rank)
            at = self.epoch + position.step / len(steps)
            self._set_learning_rate(self.settings.learning_rate * (decay(at) if decay else 1.0))
            totals.add(self._step(source, mini, at), mini.n_documents)
            if len(totals) == LOOK_EVERY:
                self._look(totals)
            position.step += 1
            if position.step % RENEW_EVERY == 0:
                self._renew_prevalence(n_documents)
            if after_step is not None and position.step < len(steps):
                after_step()
        self.optimiser.settle()
        totals.add(self._after_the_last_step(source, mini), 0)
        self._look(totals)
        return totals

    def _batches(
        self, documents: Documents[BatchT], steps: Steps, position: Position
    ) -> Iterator[tuple[Rows, BatchT]]:
        """Mini-batches of the rest of an epoch; its order is drawn again from where it was drawn first."""
        now = self.generator.get_state()
        self.generator.set_state(position.order_from)
        batches = shuffled(documents, steps, self.generator, self.network.device, position.step)
        if position.step:
            self.generator.set_state(now)
        return batches

    def _steps(self, documents: Documents[BatchT], n_documents: int) -> Steps:
        size = self.settings.documents_a_step(n_documents)
        return Steps(len(documents), size, self.processes.rank, self.processes.size)

    def learn_grouping(self, n_documents: int, epoch: int) -> None:
        """Exchange topics between groups, and renew the correlations of the prior, as before an epoch."""
        progress = Progress(epoch, self.settings.max_iter)
        order = self.processes.agreed(self.grouping.best_order(self.objective, progress))
        if order is not None:
            self.exchange(order)
        self._renew_prevalence(n_documents)
        self.grouping.renew_prior(self.objective, progress, n_documents)
        if self.network.learned is not None:
            covariance = self.network.prior_covariance
            covariance.copy_(self.processes.agreed(covariance.cpu()))

    def _renew_prevalence(self, n_documents: int) -> None:
        """Set how the prior depends on metadata, alike in all processes."""
        self.grouping.renew_prevalence(n_documents)
        if self.network.prevalence is not None:
            coefficients = self.network.prevalence.coefficients
            coefficients.copy_(self.processes.agreed(coefficients.cpu()))

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
        self.since_kept = self.since_kept[order]

    def _step(self, source: Source[BatchT], mini: MiniBatch[BatchT], at: float) -> Terms:
        noise = self._noise(mini.n_own)
        self._settle_rows(mini.batch if source.everything is None else source.everything)
        with working_with(self.processes.divided(mini.sizes)):
            step, offsets = self._forward(source, mini, noise, self.own_generator, at)
            terms, per_document = self._terms(step, mini.batch, offsets, self._weights(at), self._warmth(at))
            mean_loss = per_document.mean() * mini.share
            self.optimiser.zero_grad()
            mean_loss.backward()  # type: ignore[no-untyped-call]
            self._sum_gradients()
            clip_gradients(self.parameters)
            self.optimiser.step()
            if self.companion is not None:
                self.companion.learn(step.sample)
        return means(mean_loss, terms, mini.share)

    def _settle_rows(self, batch: BatchT) -> None:
        """Move the weights that a mini-batch reads to where they are due."""
        for module in self.of_rows:
            read = module.rows_read(batch)
            if read is not None:
                self.optimiser.settle(*read)

    def _sum_gradients(self) -> None:
        """Add the gradients of all processes, each of which has the loss of its documents."""
        if self.processes.size == 1:
            return
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        self.processes.sum_([flat])
        parts = iter(torch.split(flat, [gradient.numel() for gradient in gradients]))
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad = next(parts).view_as(parameter)

    def _after_the_last_step(self, source: Source[BatchT], mini: MiniBatch[BatchT]) -> Terms:
        """Terms at the weights after the last update of an epoch, which no step has evaluated."""
        self.optimiser.zero_grad()  # gradients take memory until then
        self.network.eval()
        with torch.no_grad(), working_with(self.processes.divided(mini.sizes)):
            at = self.epoch + 1.0
            noise = self._noise(mini.n_own, _fixed_generator())
            step, offsets = self._forward(source, mini, noise, None, at)
            terms, per_document = self._terms(step, mini.batch, offsets, self._weights(at), 1.0)
            return means(per_document.mean() * mini.share, terms, mini.share)

    def _terms(
        self, step: Step, batch: BatchT, offsets: Tensor | None, weights: dict[str, float], warmth: float
    ) -> tuple[Terms, Tensor]:
        """Terms of the objective and of the network, and the loss of each document (B,)."""
        terms, more = self.objective.terms(step), self.network.more_terms(batch, step.posterior, offsets)
        per_document = loss(terms, weights, warmth)
        for term in more.values():
            per_document = per_document + term
        return {**terms, **more}, per_document

    def _forward(
        self,
        source: Source[BatchT],
        mini: MiniBatch[BatchT],
        noise: Noise,
        dropout: torch.Generator | None,
        at: float,
    ) -> tuple[Step, Tensor | None]:
        """One pass through the network: posterior of the mini-batch, one sample of it, and the likelihood.

        With it come the offsets of the documents, of shape (B, K), if the prior depends on metadata.
        """
        network, progress = self.network, Progress(at, self.settings.max_iter)
        offsets = network.offsets(mini.batch)
        if source.everything is None:
            components, posterior = None, network.residual(mini.batch, offsets, dropout)
        else:
            with working_with(source.encoding) as processes:
                of_all = network.offsets(source.everything)
                components = network.residual(source.everything, of_all, dropout).gathered(processes)
            posterior = components[torch.from_numpy(mini.rows).to(network.device)]
        if network.training:
            design = network.design_of(mini.batch)
            network.moments.observe(posterior, source.mixing.n_documents, design, offsets)
        temperatures = [concrete.temperature_at(progress.share) for concrete in network.space.concretes]
        sample = posterior.sample(noise, temperatures)
        decoded = network.decode(sample if offsets is None else sample.moved(offsets), dropout)
        step = Step(
            decoded.log_likelihood(mini.batch),
            posterior,
            sample,
            source.prior,
            source.mixing,
            components,
            progress,
            self.companion,
            partial(network.moments.aggregate, network.prior_mean.dtype)
            if self.settings.marginals == "gaussian"
            else None,
        )
        return step, offsets

    def _source(self, documents: Documents[BatchT], n_documents: int, processes: Processes) -> Source[BatchT]:
        """Source of the mini-batches; with full marginals also the documents that this process encodes."""
        settings = self.settings
        if settings.marginals != "full":
            mixture = MIXTURES[0] if settings.marginals == "gaussian" else settings.marginals
            mixing = Mixing(mixture, n_documents, settings.partners)
            return Source(documents, mixing, self.network.prior)
        whole = Steps(len(documents), len(documents), processes.rank, processes.size)
        own = whole.own(0)
        everything = documents.batch(np.arange(own.start, own.stop), self.network.device)
        mixing = Mixing("full", len(documents))
        return Source(documents, mixing, self.network.prior, everything, processes.divided(whole.sizes(0)))

    @neutral_torch()
    def validation_loss(self, documents: Documents[BatchT], n_documents: int) -> float:
        """Loss on held-out documents with the final weights of the objective, in nats per document.

        Every epoch uses the same noise, and the weights and temperatures of the last epoch, so that the
        losses of all epochs are comparable.
        """
        self.network.eval()
        generator = _fixed_generator()
        total, end = 0.0, float(self.settings.max_iter)
        steps = Steps(len(documents), self.settings.documents_a_step(n_documents))
        longest = max(steps.whole(step).stop - steps.whole(step).start for step in (0, len(steps) - 1))
        source = self._source(documents, max(n_documents, longest), ALONE)
        with torch.no_grad():
            for number in range(len(steps)):
                part = steps.whole(number)
                noise = self._noise(part.stop - part.start, generator)
                if number % self.processes.size != self.processes.rank:
                    continue
                rows = np.arange(part.start, part.stop)
                mini = MiniBatch(documents.batch(rows, self.network.device), rows, (len(rows),))
                step, _ = self._forward(source, mini, noise, None, end)
                per_document = loss(self.objective.terms(step), self._weights(end), 1.0)
                total += per_document.double().sum().item()
        return sum(self.processes.collected(total)) / len(documents)

    def keep(self, epoch: int | None = None) -> None:
        """Keep a copy of the current weights, those of the last epoch unless they are of another."""
        self.kept_epoch = self.epoch if epoch is None else epoch
        self.kept = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.since_kept = np.arange(self.network.space.n_dims)

    @property
    def kept_loss(self) -> float:
        """Validation loss of the weights last kept or, without validation, their training loss."""
        record = next((one for one in self.records if one["epoch"] == self.kept_epoch), {})
        return record.get("validation_loss", record.get("loss", math.inf))

    def restore(self) -> None:
        """Restore the weights last kept, and the order that their topics had."""
        self.optimiser.settle()
        self.exchange(np.argsort(self.since_kept))
        self.network.load_state_dict(self.kept)

    def kept_network(self) -> Network[BatchT]:
        """A network with the weights last kept, which further training does not change."""
        known = self.network.state_dict(keep_vars=True)
        of_copy = {
            id(value): nn.Parameter(self.kept[name]) if isinstance(value, nn.Parameter) else self.kept[name]
            for name, value in known.items()
        }
        return copy.deepcopy(self.network, of_copy)

    def _noise(self, n_rows: int, generator: torch.Generator | None = None) -> Noise:
        return Noise.draw(n_rows, self.network.space, generator or self.own_generator, self.network.device)

    def _weights(self, at: float) -> dict[str, float]:
        return self.objective.weights(self.network.space, Progress(at, self.settings.max_iter))

    def _warmth(self, epochs_done: float) -> float:
        warm_up = self.settings.warm_up_epochs
        return min(1.0, epochs_done / warm_up) if warm_up else 1.0

    def _set_learning_rate(self, rate: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def _look(self, totals: Totals) -> None:
        """Look at the terms of the last steps: raise an error if one is NaN, infinite or too large."""
        values = totals.look(self.processes)
        if self.largest_term is None:
            first = float(values[0, totals.names.index("reconstruction")].abs())
            highest = torch.finfo(values.dtype).max
            self.largest_term = min(DIVERGED * (1 + first), highest) if math.isfinite(first) else highest
        weighted = {"loss", "reconstruction", *self._weights(self.epoch)}
        term = first_not_finite(totals.names, values, weighted, self.largest_term)
        if term is not None:
            self.restore()
            raise TrainingDivergedError(term, self.epoch + 1, self.kept_epoch, self.settings.learning_rate)


def clip_gradients(parameters: Sequence[Tensor]) -> None:
    """Scale all gradients down if their total norm is above ``GRADIENT_NORM``."""
    gradients = []
    for parameter in parameters:
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = coalesced(parameter.grad)
            gradients.append(parameter.grad.values())
        elif parameter.grad is not None:
            gradients.append(parameter.grad)
    norm = nn.utils.get_total_norm(gradients)
    # To read the norm would wait for a GPU; on a CPU it saves a pass over all gradients.
    if norm.device.type != "cpu" or not norm <= GRADIENT_NORM:
        torch._foreach_mul_(gradients, (GRADIENT_NORM / (norm + 1e-6)).clamp(max=1.0))


def _own_generator(generator: torch.Generator, processes: Processes) -> torch.Generator:
    """Source of the noise and the dropout masks of one process: of a process alone, that of everything."""
    if processes.size == 1:
        return generator
    seed = int(torch.randint(2**62, (), generator=generator)) + processes.rank
    return torch.Generator().manual_seed(seed)


def _fixed_generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
