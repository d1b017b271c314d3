"""What a fit will do, take and cost, before it starts."""

import math
import os
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from hftopic.data.corpus import Corpus
    from hftopic.data.shards import ShardedCorpus

SMALLEST_GROUP, LARGEST_GROUP = 5, 25
DOCUMENTS_A_TOPIC = 10  # a group has the square root of the documents divided by this
MANY_TOPICS = 300  # from this number on, the cost of a fit is told
BYTES_A_WEIGHT = 120  # memory of a fit for each topic and word; measured with 200 to 1,000 topics
SECONDS_A_CUBE = 3.4e-7  # of the assignment of topics to groups, for the cube of their number; measured
TIMED_STEPS = 2  # in each epoch of the fit whose duration is measured
TIMED_SECONDS = 1.0  # duration of that fit
FEWEST_EPOCHS, MOST_EPOCHS = 4, 40  # limits on the epochs that it makes in this time


class _EnoughError(Exception):
    """Ends the fit that is timed."""


def default_groups(n_documents: int) -> tuple[int, int]:
    """Two groups of √(documents / 10) topics, rounded, but of at least 5 and at most 25.

    Examples
    --------
    >>> [default_groups(n) for n in (100, 1_000, 3_000, 20_000)]
    [(5, 5), (10, 10), (17, 17), (25, 25)]
    """
    size = round(math.sqrt(n_documents / DOCUMENTS_A_TOPIC))
    size = min(max(size, SMALLEST_GROUP), LARGEST_GROUP)
    return size, size


def epochs_of(estimator: Any, n_documents: int) -> int:
    """Number of epochs of a fit."""
    from hftopic.training.settings import Settings

    return Settings.of(estimator, n_documents).max_iter


def expected_seconds(estimator: Any, corpus: "Corpus | ShardedCorpus") -> float:
    """Duration of the training, from that of a few steps, which are made on a copy of the estimator.

    An epoch that other programs hold up does not count. With many topics or several starts only a part of
    them is timed, and the result is a lower bound.
    """
    from sklearn.base import clone

    from hftopic.training.settings import Settings

    settings = Settings.of(estimator, len(corpus))
    size = min(settings.documents_a_step(len(corpus)), len(corpus))
    sample = corpus[: size * TIMED_STEPS]
    ends: list[float] = []

    def record(_: Any) -> None:
        ends.append(time.perf_counter())
        is_long = ends[-1] - ends[0] >= TIMED_SECONDS
        if len(ends) >= (FEWEST_EPOCHS if is_long else MOST_EPOCHS):
            raise _EnoughError

    timed = clone(estimator).set_params(
        batch_size=size, max_iter=settings.max_iter + MOST_EPOCHS, n_init=1, verbose=0
    )
    n_topics = n_topics_of(estimator.groups)
    if n_topics > MANY_TOPICS:
        timed.set_params(groups=(MANY_TOPICS,))
    with suppress(_EnoughError), warnings.catch_warnings(action="ignore"):
        timed.fit(sample, callbacks=[record])
    an_epoch = median(end - start for start, end in pairwise(ends))  # one that was held up does not count
    a_step = an_epoch / math.ceil(len(sample) / size) * max(1.0, n_topics / MANY_TOPICS)
    training = a_step * settings.max_iter * math.ceil(len(corpus) / size)
    return training + (SECONDS_A_CUBE * n_topics**3 if is_grouped(estimator) else 0.0)


def is_grouped(estimator: Any) -> bool:
    """Whether topics are assigned to groups in training."""
    return (
        estimator.assignment != "fixed"
        and isinstance(estimator.groups, Sequence)
        and len(estimator.groups) > 1
    )


def n_topics_of(groups: Any) -> int:
    """Number of topics of all groups."""
    from hftopic.latent.space import LatentSpace

    return len(LatentSpace(groups).topic_groups)


def cost_of_many_topics(estimator: Any, corpus: "Corpus | ShardedCorpus") -> str:
    """What a fit of many topics needs, as a sentence; "" if there are not many.

    Raises
    ------
    click.ClickException
        It needs more memory than the machine has.
    """
    n_topics = n_topics_of(estimator.groups)
    if n_topics < MANY_TOPICS:
        return ""
    needed, there_is = n_topics * corpus.n_words * BYTES_A_WEIGHT, memory()
    size = default_groups(len(corpus))
    told = (
        f"{n_topics:,} topics of {corpus.n_words:,} words need about {in_gigabytes(needed)} of memory. "
        f"{len(corpus):,} documents seldom have more than {sum(size)} topics that differ: "
        f"--groups {','.join(map(str, size))}"
    )
    if there_is is not None and needed > there_is:
        raise click.ClickException(f"{told}. This machine has {in_gigabytes(there_is)}")
    return told


def memory() -> int | None:
    """Memory of this machine in bytes; None if the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def in_gigabytes(n_bytes: float) -> str:
    """A number of bytes for people."""
    return f"{n_bytes / 1e9:,.1f} GB"


def duration(seconds: float) -> str:
    """A duration for people.

    Examples
    --------
    >>> [duration(seconds) for seconds in (3, 50, 100, 1500, 9000)]
    ['10 seconds', '50 seconds', '2 minutes', '25 minutes', '2.5 hours']
    """
    if seconds < 60:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    if seconds < 5400:
        minutes = round(seconds / 60)
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{seconds / 3600:.1f} hours"


def groups_in_words(groups: Any) -> str:
    """Groups of topics for people.

    Examples
    --------
    >>> groups_in_words((17, 17)), groups_in_words((50,))
    ('2 groups of 17 topics', '1 group of 50 topics')
    """
    if not isinstance(groups, Sequence) or len(set(groups)) > 1:
        return f"groups {groups}"
    n_groups, size = len(groups), groups[0]
    return f"{n_groups} group{'s' * (n_groups > 1)} of {size} topic{'s' * (size != 1)}"
