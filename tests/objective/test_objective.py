"""Every objective compared with a reference implementation from its paper, and laws between objectives.

The reference in this file shares no code with the package. It enumerates the classes, has the densities of
all samples under all documents in one tensor, and computes the sums of the papers directly.
"""

import math
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from torch.distributions import MultivariateNormal
from torch.distributions import Normal as TorchNormal
from torch.testing import assert_close

from hftopic import ProdLDA
from hftopic.latent.groups import MOST_CLASSES, Concrete, Normal
from hftopic.latent.log_prior import LatentPrior
from hftopic.latent.posterior import MeanFieldPosterior, Sample
from hftopic.latent.space import LatentSpace
from hftopic.objective import (
    CATALOGUE,
    DIPVAE,
    HFVAE,
    VAE,
    AnchoredVAE,
    BetaTCVAE,
    BetaVAE,
    BottleneckVAE,
    CapacityVAE,
    FactorVAE,
    InfoVAE,
    Progress,
    Ramp,
    Step,
    hierarchical_terms,
    loss,
)
from hftopic.objective.minibatch import Mixing

LEAF = st.one_of(st.integers(1, 3), st.integers(2, 3).map(Concrete))
FLAT = st.lists(LEAF, min_size=1, max_size=3).map(tuple)
NESTED = st.lists(
    st.one_of(LEAF, st.lists(LEAF, min_size=1, max_size=2).map(tuple)), min_size=1, max_size=3
).map(tuple)


def can_be_enumerated(groups):
    """Whether the number of class combinations is within the limit of LatentSpace."""
    leaves = [leaf for group in groups for leaf in (group if isinstance(group, tuple) else (group,))]
    return math.prod(leaf.classes for leaf in leaves if isinstance(leaf, Concrete)) <= MOST_CLASSES


GROUPS = st.one_of(FLAT, NESTED).filter(can_be_enumerated)
WEIGHTS = st.floats(0, 10)
ESTIMATORS = st.sampled_from(["hfvae", "mws", "mss"])
NOW = Progress(3, 10)


def random_step(groups, batch=5, n_documents=40, seed=0, *, correlated=False, estimator="hfvae"):
    space = LatentSpace(groups)
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    k = space.n_dims
    inputs = [normal(batch, size).requires_grad_() for size in (k, k, *(c.classes for c in space.concretes))]
    mean, log_variance, *logits = inputs
    posterior = MeanFieldPosterior(mean, log_variance, tuple(torch.log_softmax(c, 1) for c in logits))
    covariance = torch.exp(normal(k))
    if correlated:
        root = normal(k, k)
        covariance = root @ root.T / k + torch.eye(k, dtype=torch.float64)
    prior = LatentPrior(space, normal(k), covariance)
    log_likelihood = -100 * torch.rand(batch, generator=generator, dtype=torch.float64)
    classes = tuple(c.detach().exp() for c in posterior.log_classes)
    sample = Sample(posterior.sample_gaussian(normal(batch, k)), classes)
    mixing = Mixing(estimator, n_documents)
    step = Step(log_likelihood, posterior, sample, prior, mixing, progress=NOW)
    object.__setattr__(step, "inputs", inputs)  # the inputs of the gradients
    return step


def value_and_gradients(per_document, step):
    gradients = torch.autograd.grad(
        per_document.sum(), step.inputs, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return [per_document.detach(), *gradients]


def ours(objective, step):
    return loss(objective.terms(step), objective.weights(step.space, step.progress), 1.0)


def assert_same(mine, theirs, step):
    for a, b in zip(value_and_gradients(mine, step), value_and_gradients(theirs, step), strict=True):
        assert_close(a, b, rtol=1e-8, atol=1e-8)


class Reference:
    """Reference densities of variables ("z", dimension) or ("c", number of the Concrete variable)."""

    def __init__(self, step):
        self.step, self.space = step, step.space
        p, n = step.posterior, len(step.posterior.mean)
        q = TorchNormal(p.mean, torch.exp(0.5 * p.log_variance))
        self.log_z = q.log_prob(step.sample.z[:, None])  # (sample, document, dimension)
        self.log_pi = p.log_classes
        w = step.mixing.weights(len(step.posterior))
        self.log_w = torch.full((n, n), w.other, dtype=torch.float64)
        for b in range(n):
            self.log_w[b, (b + 1) % n] = w.following
            self.log_w[b, b] = w.own

    @property
    def leaves(self):
        """Variables of each innermost group."""
        dim, concrete, leaves = 0, 0, []
        for group in self.space.groups:
            if isinstance(group, Normal):
                leaves.append([("z", dim + e) for e in range(group.dims)])
                dim += group.dims
            else:
                leaves.append([("c", concrete)])
                concrete += 1
        return leaves

    @property
    def levels(self):
        """Sets of variables at each level of the nesting, from the paths; then the single variables."""
        depth = max(map(len, self.space.paths))
        levels = []
        for level in range(depth + 1):
            nodes = {}
            for path, leaf in zip(self.space.paths, self.leaves, strict=True):
                nodes.setdefault(path[:level], []).extend(leaf)
            levels.append(list(nodes.values()))
        return [*levels, [[variable] for leaf in self.leaves for variable in leaf]]

    def over_classes(self, variables, log_f):
        """Σ_k π_k log f(k) of each sample, where k is a combination of the classes of the variables."""
        chosen = [i for kind, i in variables if kind == "c"]
        total = 0.0
        for k in product(*(range(self.log_pi[i].shape[1]) for i in chosen)):
            weight = torch.ones(len(self.log_w), dtype=torch.float64)
            for i, c in zip(chosen, k, strict=True):
                weight = weight * self.log_pi[i][:, c].exp()
            total = total + weight * log_f(dict(zip(chosen, k, strict=True)))
        return total

    def log_q(self, variables):
        dims = [i for kind, i in variables if kind == "z"]

        def log_f(classes):
            density = self.log_w + self.log_z[:, :, dims].sum(2)
            for i, c in classes.items():
                density = density + self.log_pi[i][None, :, c]
            return torch.logsumexp(density, 1)

        return self.over_classes(variables, log_f)

    def log_p(self, variables):
        dims = [i for kind, i in variables if kind == "z"]
        prior, z = self.step.prior, self.step.sample.z
        gaussian = torch.zeros(len(z), dtype=torch.float64)
        if dims:
            full = torch.diag(prior.covariance) if prior.factorises else prior.covariance
            gaussian = MultivariateNormal(prior.mean[dims], full[dims][:, dims]).log_prob(z[:, dims])

        def log_f(classes):
            return gaussian + sum(-math.log(self.log_pi[i].shape[1]) for i in classes)

        return self.over_classes(variables, log_f)

    def log_q_given_x(self, variables):
        own = self.log_z.diagonal(dim1=0, dim2=1).T  # (B, K)
        dims = [i for kind, i in variables if kind == "z"]

        def log_f(classes):
            return own[:, dims].sum(1) + sum(self.log_pi[i][:, c] for i, c in classes.items())

        return self.over_classes(variables, log_f)

    @property
    def everything(self):
        return [variable for leaf in self.leaves for variable in leaf]

    def mutual_information(self, variables=None):
        variables = variables or self.everything
        return self.log_q_given_x(variables) - self.log_q(variables)

    def correlation(self, outer, inner):
        """Σ log q of one level minus that of the next, minus the same difference for the prior."""
        return (
            sum(map(self.log_q, outer))
            - sum(map(self.log_q, inner))
            - sum(map(self.log_p, outer))
            + sum(map(self.log_p, inner))
        )

    def total_correlation(self):
        return self.correlation([self.everything], self.levels[-1])

    def sampled_kl(self):
        return self.log_q_given_x(self.everything) - self.log_p(self.everything)

    def dimension_kl(self):
        return sum(self.log_q(v) - self.log_p(v) for v in self.levels[-1])

    def hierarchical(self, alpha, betas, gamma, w):
        levels = self.levels
        total = -self.step.log_likelihood + alpha * self.mutual_information()
        for weight, outer, inner in zip([*betas, gamma], levels, levels[1:], strict=False):
            total = total + weight * self.correlation(outer, inner)
        return total + w * self.dimension_kl()

    def kl(self):
        """KL divergence by the closed forms of torch."""
        posterior, prior = self.step.posterior, self.step.prior
        full = torch.diag(prior.covariance) if prior.factorises else prior.covariance
        n = len(posterior.mean)
        total = torch.zeros(n, dtype=torch.float64)
        if self.space.n_dims:
            total = torch.distributions.kl_divergence(
                MultivariateNormal(posterior.mean, torch.diag_embed(posterior.log_variance.exp())),
                MultivariateNormal(prior.mean.expand(n, -1), full.expand(n, -1, -1)),
            )
        for log_pi in posterior.log_classes:
            total = total + (log_pi.exp() * (log_pi + math.log(log_pi.shape[1]))).sum(1)
        return total

    def evidence(self):
        return -self.step.log_likelihood + self.kl()

    def moments(self, variant):
        posterior = self.step.posterior
        mean, n = posterior.mean, len(posterior.mean)
        covariance = sum(torch.outer(m - mean.mean(0), m - mean.mean(0)) for m in mean) / n
        if variant == "II":
            covariance = covariance + torch.diag(sum(v.exp() for v in posterior.log_variance) / n)
        prior = self.step.prior
        target = torch.diag(prior.covariance) if prior.factorises else prior.covariance
        off, on = 0.0, 0.0
        for i, j in product(range(len(target)), repeat=2):
            square = (covariance[i, j] - target[i, j]) ** 2
            on, off = (on + square, off) if i == j else (on, off + square)
        return off, on

    def anchored(self, anchors):
        columns = []
        for leaf, group in zip(self.leaves, self.space.groups, strict=True):
            columns += leaf if isinstance(group, Normal) else leaf * group.classes
        chosen = list(dict.fromkeys(columns[a] for a in anchors))
        return self.mutual_information(chosen)


def n_betas(space):
    return len(space.partitions) - 1


def dip(variant, od, d):
    def written(r):
        off, on = r.moments(variant)
        return r.evidence() + od * off + d * on

    return written


# name: (objective, reference implementation from its paper)
TABLE = {
    "VAE": (VAE(), lambda r: r.evidence()),
    "BetaVAE": (BetaVAE(2.5), lambda r: -r.step.log_likelihood + 2.5 * r.kl()),
    "DIPVAE-I": (DIPVAE(3.0, variant="I"), dip("I", 3.0, 30.0)),
    "DIPVAE-II": (DIPVAE(3.0, 2.0), dip("II", 3.0, 2.0)),
    "InfoVAE": (
        InfoVAE(3.0),
        lambda r: -r.step.log_likelihood + 3.0 * (r.log_q(r.everything) - r.log_p(r.everything)),
    ),
    "CapacityVAE": (
        CapacityVAE(Ramp(0.0, 10.0, over=10), gamma=7.0),
        lambda r: -r.step.log_likelihood + 7.0 * (r.kl().mean() - 3.0).abs(),
    ),
    "AnchoredVAE": (AnchoredVAE((0,), lam=0.7), lambda r: r.evidence() - 0.7 * r.anchored((0,))),
    "BottleneckVAE": (
        BottleneckVAE(0.5, 2.0),
        lambda r: -r.step.log_likelihood + 0.5 * r.mutual_information() + 2.0 * r.total_correlation(),
    ),
    "BetaTCVAE": (
        BetaTCVAE(4.0),
        lambda r: (
            -r.step.log_likelihood + r.mutual_information() + 4.0 * r.total_correlation() + r.dimension_kl()
        ),
    ),
    "FactorVAE": (
        FactorVAE(3.0, estimate="marginals"),
        lambda r: -r.step.log_likelihood + r.sampled_kl() + 3.0 * r.total_correlation(),
    ),
    "HFVAE": (
        HFVAE(0.9, 0.1, 4.0, 1.1),
        lambda r: r.hierarchical(0.9, [0.1] * n_betas(r.space), 4.0, 1.1),
    ),
}


def test_the_table_has_every_objective():
    assert {name.split("-")[0] for name in TABLE} == set(CATALOGUE)


@pytest.mark.parametrize("name", TABLE)
@given(
    groups=GROUPS,
    batch=st.integers(2, 6),
    extra=st.integers(0, 99),
    seed=st.integers(0, 99),
    correlated=st.booleans(),
    estimator=ESTIMATORS,
)
def test_an_objective_equals_its_paper(name, groups, batch, extra, seed, correlated, estimator):
    objective, written_out = TABLE[name]
    step = random_step(groups, batch, batch + extra, seed, correlated=correlated, estimator=estimator)
    assert_same(ours(objective, step), written_out(Reference(step)), step)


@given(
    groups=GROUPS,
    batch=st.integers(2, 6),
    seed=st.integers(0, 99),
    correlated=st.booleans(),
    estimator=ESTIMATORS,
)
def test_unit_weights_telescope_to_the_negative_elbo_sample_by_sample(
    groups, batch, seed, correlated, estimator
):
    """This holds for every estimator of the marginals, because the marginals cancel."""
    step = random_step(groups, batch, batch + 9, seed, correlated=correlated, estimator=estimator)
    unit = HFVAE(alpha=1, beta=1, gamma=1, dimension_weight=1)
    assert_same(ours(unit, step), -step.log_likelihood + Reference(step).sampled_kl(), step)


@given(groups=FLAT, seed=st.integers(0, 99), beta=WEIGHTS)
def test_settings_that_coincide(groups, seed, beta):
    step = random_step(groups, seed=seed)
    pairs = [
        (HFVAE(beta=beta, gamma=beta), BetaTCVAE(beta)),
        (FactorVAE(beta, estimate="marginals"), BetaTCVAE(1 + beta)),
        (BetaVAE(1.0), VAE()),
        (DIPVAE(0.0), VAE()),
        (AnchoredVAE((0,), lam=0.0), VAE()),
        (InfoVAE(1.0), HFVAE(0.0, 1.0, 1.0, 1.0)),
        (BottleneckVAE(beta, beta), HFVAE(beta, beta, beta, 0.0)),
        (HFVAE(beta=Ramp(0.0, 2.0, over=6)), HFVAE(beta=1.0)),
        (CapacityVAE(0.0, gamma=1.0), HFVAE(0.0, 0.0, 0.0, 0.0)),
    ]
    for one, other in pairs[:-1]:
        assert_same(ours(one, step), ours(other, step), step)
    # With capacity 0 the gap is the mean KL divergence of the mini-batch.
    assert_close(ours(pairs[-1][0], step).mean(), ours(VAE(), step).mean())


@given(seed=st.integers(0, 99), alpha=WEIGHTS, gamma=WEIGHTS, weights=st.tuples(WEIGHTS, WEIGHTS))
def test_nested_groups_have_a_weight_a_level(seed, alpha, gamma, weights):
    groups = ((2, 1), (1, 2), 1)
    step = random_step(groups, seed=seed)
    expected = Reference(step).hierarchical(alpha, weights, gamma, 1.0)
    assert_same(ours(HFVAE(alpha, weights, gamma), step), expected, step)
    equal = ours(HFVAE(alpha, (weights[0], gamma), gamma), step)
    flat = random_step((3, 3, 1), seed=seed)
    for mine, theirs in zip(
        value_and_gradients(equal, step),
        value_and_gradients(ours(HFVAE(alpha, weights[0], gamma), flat), flat),
        strict=True,
    ):
        assert_close(mine, theirs, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("groups", [(2, 2), ((1, 1), 2)])
def test_a_wrong_number_of_betas_is_refused(groups):
    with pytest.raises(ValueError, match="beta has 3 weights, but the groups have"):
        HFVAE(beta=(1.0, 2.0, 3.0)).weights(LatentSpace(groups), NOW)


@given(seed=st.integers(0, 99), beta=WEIGHTS)
def test_one_group_has_nothing_between_groups(seed, beta):
    step = random_step((4,), seed=seed)
    assert_close(hierarchical_terms(step)["between_groups"], torch.zeros(5, dtype=torch.float64))
    assert_same(ours(HFVAE(beta=beta), step), ours(HFVAE(beta=0), step), step)


@given(seed=st.integers(0, 99), gamma=WEIGHTS)
def test_groups_of_one_variable_have_nothing_within(seed, gamma):
    step = random_step((1, Concrete(3), 1), seed=seed)
    assert_close(hierarchical_terms(step)["within_groups"], torch.zeros(5, dtype=torch.float64))
    assert_same(ours(HFVAE(gamma=gamma), step), ours(HFVAE(gamma=0), step), step)


@given(seed=st.integers(0, 99), weight=WEIGHTS)
def test_with_equal_beta_and_gamma_the_grouping_does_not_matter(seed, weight):
    objective = HFVAE(beta=weight, gamma=weight)
    steps = [random_step(groups, seed=seed) for groups in [(6,), (2, 4), (1, 2, 3), (1,) * 6, ((2, 1), 3)]]
    values = [value_and_gradients(ours(objective, step), step) for step in steps]
    for other in values[1:]:
        for mine, theirs in zip(other, values[0], strict=True):
            assert_close(mine, theirs, rtol=1e-8, atol=1e-8)


def test_an_encoder_that_ignores_the_document_has_no_information_and_no_correlation():
    step = random_step((2, 3, Concrete(2)))
    first = step.posterior[:1]
    posterior = MeanFieldPosterior(
        first.mean.expand(5, 5), first.log_variance.expand(5, 5), (first.log_classes[0].expand(5, 2),)
    )
    noise = torch.randn(5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    sample = Sample(posterior.sample_gaussian(noise))
    terms = hierarchical_terms(Step(step.log_likelihood, posterior, sample, step.prior, step.mixing))
    for name in ("mutual_information", "between_groups", "within_groups"):
        assert_close(terms[name], torch.zeros(5, dtype=torch.float64), rtol=0, atol=1e-12)
    assert_close(terms["own_share"], torch.full((5,), 1 / 40, dtype=torch.float64))


def test_own_share_is_the_documents_part_of_the_joint_mixture():
    step = random_step((2, 1))
    reference = Reference(step)
    log_joint = reference.log_w + reference.log_z.sum(2)
    responsibilities = torch.softmax(log_joint, 1).diagonal()
    assert_close(hierarchical_terms(step)["own_share"], responsibilities)


def test_vae_is_the_unit_objective_in_expectation():
    """The closed form is within 5 standard errors of the mean over 20,000 samples of one posterior.

    Probability of a failure by chance: 6e-7.
    """
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 1, 4, generator=generator, dtype=torch.float64)
    n = 20_000
    posterior = MeanFieldPosterior(mean.expand(n, 4), log_variance.expand(n, 4))
    root = torch.randn(4, 4, generator=generator, dtype=torch.float64)
    prior = LatentPrior(LatentSpace(4), torch.zeros(4).double(), root @ root.T + torch.eye(4))
    z = posterior.sample_gaussian(torch.randn(n, 4, generator=generator, dtype=torch.float64))
    sampled = posterior.log_prob(z).sum(1) - prior.log_prob(z, posterior).joint
    closed = prior.kl(posterior)[0]
    assert abs(sampled.mean() - closed) < 5 * sampled.std() / math.sqrt(n)


def test_warm_up_scales_everything_but_the_reconstruction():
    step = random_step((2, 2))
    objective = HFVAE()
    terms, weights = objective.terms(step), objective.weights(step.space, NOW)
    cold, half, warm = (loss(terms, weights, w) for w in (0.0, 0.5, 1.0))
    assert_close(cold, terms["reconstruction"])
    assert_close(half, (cold + warm) / 2)


@pytest.mark.parametrize("epochs", [0, 3, 5, 10, 99])
def test_ramps_are_straight_and_then_flat(epochs):
    progress = Progress(epochs, 10)
    assert Ramp(1.0, 3.0, over=0.5).at(progress) == pytest.approx(1 + 2 * min(1, epochs / 5))
    assert Ramp(1.0, 3.0, over=4).at(progress) == pytest.approx(1 + 2 * min(1, epochs / 4))
    assert Ramp(3.0, 0.0, over=1.0).at(progress) == pytest.approx(3 - 3 * min(1, epochs / 10))


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf"), "1", None, True, (), (1.0, -1.0)])
@pytest.mark.parametrize(
    ("objective", "name"),
    [
        (HFVAE, "alpha"),
        (HFVAE, "beta"),
        (HFVAE, "gamma"),
        (HFVAE, "dimension_weight"),
        (BetaVAE, "beta"),
        (BetaTCVAE, "beta"),
        (InfoVAE, "lam"),
        (BottleneckVAE, "beta"),
        (BottleneckVAE, "gamma"),
        (FactorVAE, "gamma"),
        (FactorVAE, "learning_rate"),
        (CapacityVAE, "capacity"),
        (CapacityVAE, "gamma"),
        (DIPVAE, "off_diagonal"),
        (Ramp, "start"),
    ],
)
def test_weights_that_make_no_sense_are_refused(objective, name, weight):
    fields = {"start": 1.0, "stop": 1.0} if objective is Ramp else {}
    with pytest.raises(ValueError, match=f"{name} of {objective.__name__} must be a finite number"):
        objective(**{**fields, name: weight})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DIPVAE(variant="III"), "variant of DIPVAE"),
        (lambda: DIPVAE(diagonal=-1), "diagonal of DIPVAE"),
        (lambda: AnchoredVAE(()), "anchors of AnchoredVAE"),
        (lambda: AnchoredVAE((0.5,)), "anchors of AnchoredVAE"),
        (lambda: AnchoredVAE(3), "anchors of AnchoredVAE"),
        (
            lambda: AnchoredVAE((0, 9)).weights(LatentSpace((2, 2)), NOW),
            "contains topic 9, but topics are numbered 0 to 3",
        ),
        (lambda: FactorVAE(estimate="guess"), "estimate of FactorVAE"),
        (lambda: FactorVAE(hidden=()), "hidden of FactorVAE"),
        (lambda: Ramp(0.0, 1.0, over=-1), "over of Ramp"),
        (lambda: Ramp(0.0, 1.0, delay=1.0), "delay of Ramp"),
        (lambda: Ramp(0.0, 1.0, delay=-1), "delay of Ramp"),
        (lambda: Ramp(0.0, 1.0, over=1.5), "over of Ramp"),
        (lambda: FactorVAE().terms(random_step((2,))), "discriminator"),
    ],
)
def test_settings_that_make_no_sense_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("objective", [case[0] for case in TABLE.values()])
def test_objectives_print_as_they_are_written_and_clone(objective):
    assert eval(repr(objective), {**CATALOGUE, "Ramp": Ramp}) == objective
    assert clone(ProdLDA(objective=objective)).objective == objective
