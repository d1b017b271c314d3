"""Models whose topics have proportions."""

from hftopic.analysis.models import FittedTopicModel, has_poles


def require_shares(model: FittedTopicModel, wanted: str, instead: str) -> None:
    """Check that the topics of a model have proportions, that is, that they are not signed.

    The error says that `wanted` is not available, and to use `instead`.

    Raises
    ------
    TypeError
        `model` is not a topic model of this package.
    ValueError
        The topics are signed, as in NVDM.
    """
    if has_poles(model):
        raise ValueError(
            f"topics of {type(model).__name__} are signed and have no proportions, so there is no {wanted}; "
            f"use {instead}"
        )
