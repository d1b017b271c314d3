"""Objectives made of the terms of the hierarchical decomposition, with weights α, β, γ and w."""

from abc import abstractmethod
from dataclasses import dataclass, fields

from hftopic.latent.space import LatentSpace
from hftopic.objective.base import Objective
from hftopic.objective.schedule import Progress, Weight, check_weight, value_at
from hftopic.objective.terms import Step, Terms, grouping_names, hierarchical_terms


class Hierarchical(Objective):
    """Objective made of the terms of :func:`hierarchical_terms`, with weights α, β, γ and w."""

    @property
    @abstractmethod
    def setting(self) -> "HFVAE":
        """The same objective written as HFVAE."""

    @property
    def weighs_information(self) -> bool:
        """Whether the weight α of I(x; z) is different from 1, the default."""
        return self.setting.alpha != 1.0

    @property
    def exchangeable(self) -> bool:
        """True: the weights are those of levels, not of topics."""
        return True

    def terms(self, step: Step) -> Terms:
        """The terms of :func:`hierarchical_terms`."""
        return hierarchical_terms(step)

    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:
        """Weight of each term, by name."""
        *between, gamma, w = self.level_weights(space, progress)
        return {
            "mutual_information": value_at(self.setting.alpha, progress),
            **dict(zip(grouping_names(space), between, strict=True)),
            "within_groups": gamma,
            "dimension_kl": w,
        }

    def level_weights(self, space: LatentSpace, progress: Progress) -> tuple[float, ...]:
        """β of each level of groups, γ, w."""
        setting = self.setting
        betas = setting.betas(space)
        return tuple(
            value_at(weight, progress) for weight in (*betas, setting.gamma, setting.dimension_weight)
        )


@dataclass(frozen=True)
class HFVAE(Hierarchical):
    """Hierarchically factorised objective of Esmaeili et al. (2019), equation 6.

    Parameters
    ----------
    alpha : float or Ramp, default=1.0
        α, weight of the mutual information I(x; z), term (2).
    beta : float or Ramp, or tuple of them, default=0.1
        β, weight of the total correlation between groups, term (A). Values below 1 let groups correlate. For
        nested groups, a tuple gives one weight per level, outermost first; a single weight applies to all
        levels.
    gamma : float or Ramp, default=4.0
        γ, weight of the total correlation within groups, term (i). Values above 1 push the topics of a group
        towards independence.
    dimension_weight : float or Ramp, default=1.0
        w, weight of the KL divergence between each dimension and its prior, term (ii).

    Examples
    --------
    >>> HFVAE(beta=0.1, gamma=4.0)
    HFVAE(alpha=1.0, beta=0.1, gamma=4.0, dimension_weight=1.0)
    >>> from hftopic import Ramp
    >>> HFVAE(beta=Ramp(1.0, 0.1)).beta
    Ramp(start=1.0, stop=0.1, over=0.5, delay=0)
    """

    alpha: Weight = 1.0
    beta: Weight | tuple[Weight, ...] = 0.1
    gamma: Weight = 4.0
    dimension_weight: Weight = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            weight = getattr(self, field.name)
            each = weight if isinstance(weight, tuple) and weight and field.name == "beta" else (weight,)
            for one in each:
                check_weight(f"{field.name} of HFVAE", one)

    @property
    def setting(self) -> "HFVAE":
        """The objective itself."""
        return self

    def betas(self, space: LatentSpace) -> tuple[Weight, ...]:
        """β of each level of groups, outermost first.

        Raises
        ------
        ValueError
            The length of a tuple is not the number of levels.
        """
        n_levels = len(grouping_names(space))
        if not isinstance(self.beta, tuple):
            return (self.beta,) * n_levels
        if len(self.beta) != n_levels:
            raise ValueError(
                f"beta has {len(self.beta)} weights, but the groups have {n_levels} "
                f"level{'s' if n_levels > 1 else ''}; pass one weight per level, outermost first"
            )
        return self.beta


@dataclass(frozen=True)
class BetaTCVAE(Hierarchical):
    """β-TCVAE of Chen et al. (2018): the total correlation of all variables has weight β.

    Parameters
    ----------
    beta : float or Ramp, default=4.0
        β, weight of the total correlation of all variables.

    Examples
    --------
    >>> BetaTCVAE(4.0).setting
    HFVAE(alpha=1.0, beta=4.0, gamma=4.0, dimension_weight=1.0)
    """

    beta: Weight = 4.0

    def __post_init__(self) -> None:
        check_weight("beta of BetaTCVAE", self.beta)

    @property
    def setting(self) -> HFVAE:
        """β-TCVAE as HFVAE with α = w = 1 and weight β for both β and γ."""
        return HFVAE(1.0, self.beta, self.beta, 1.0)


@dataclass(frozen=True)
class InfoVAE(Hierarchical):
    """InfoVAE of Zhao et al. (2019): weight λ for KL(q(z) || p(z)), and weight 0 for I(x; z).

    Parameters
    ----------
    lam : float or Ramp, default=10.0
        λ, weight of KL(q(z) || p(z)).

    Examples
    --------
    >>> InfoVAE(2.0).setting
    HFVAE(alpha=0.0, beta=2.0, gamma=2.0, dimension_weight=2.0)
    """

    lam: Weight = 10.0

    def __post_init__(self) -> None:
        check_weight("lam of InfoVAE", self.lam)

    @property
    def setting(self) -> HFVAE:
        """InfoVAE as HFVAE with α = 0 and β = γ = w = λ."""
        return HFVAE(0.0, self.lam, self.lam, self.lam)


@dataclass(frozen=True)
class BottleneckVAE(Hierarchical):
    """Information bottleneck with total correlation of Achille & Soatto (2018).

    Parameters
    ----------
    beta : float or Ramp, default=1.0
        β, weight of I(x; z).
    gamma : float or Ramp, default=1.0
        γ, weight of the total correlation of all variables. The prior must factorise: otherwise the loss is
        unbounded and `fit` raises an error.

    Examples
    --------
    >>> BottleneckVAE(0.5, 2.0).setting
    HFVAE(alpha=0.5, beta=2.0, gamma=2.0, dimension_weight=0.0)
    """

    beta: Weight = 1.0
    gamma: Weight = 1.0

    def __post_init__(self) -> None:
        check_weight("beta of BottleneckVAE", self.beta)
        check_weight("gamma of BottleneckVAE", self.gamma)

    @property
    def setting(self) -> HFVAE:
        """The bottleneck (β, γ) as HFVAE with α = β, weight γ for both β and γ, and w = 0."""
        return HFVAE(self.beta, self.gamma, self.gamma, 0.0)
