"""``compare``: comparison of model settings, to choose one of them."""

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic.cli.beforehand import beforehand_options
from hftopic.cli.embeddings import COUNTS, HELP, INPUTS, check_held, check_read
from hftopic.cli.inspection import MEASURES
from hftopic.cli.modelling import KINDS, check_together, unfitted
from hftopic.cli.options import (
    Command,
    check_free,
    command_options,
    quiet_option,
    style_options,
    vocabulary_option,
)
from hftopic.cli.sources import ALL, Source, corpus_options
from hftopic.cli.tables import Style, show, show_tables, write_csv
from hftopic.cli.terminal import note
from hftopic.cli.unfinished import Unfinished, folder_of
from hftopic.cli.values import SEED, BatchSize, Finite, Groups, Objective, Share, existing_path, new_path

if TYPE_CHECKING:
    import pandas as pd

    from hftopic.data.corpus import Corpus

VALIDATION_SPLITS = ("valid", "validation", "val", "dev")
VALIDATION_SHARE = 0.2
DIVISION_SEED = 0  # seed that selects the held-out documents, the same for every comparison
# What settings can be ranked by: higher is better. Perplexity would always choose the plain VAE.
RANKINGS = (
    "coherence",
    "diversity",
    "distinct_topics",
    "word_intrusion",
    "active_topics",
    "across_max_abs_r",
    "stability",
)
WEIGHTS = ("alpha", "beta", "gamma")


class Held(click.ParamType):  # type: ignore[type-arg]
    """Name of a split, or a fraction of the documents."""

    name = "split|fraction"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | float:
        if not isinstance(value, str):
            return float(value)
        try:
            share = float(value)
        except ValueError:
            return value
        if not 0 < share < 1:
            self.fail(f"{value} is neither a fraction between 0 and 1 nor the name of a split", param, ctx)
        return share


def _several(*names: str, type: Any, help: str, **settings: Any) -> Callable[[Command], Command]:
    """Option that can be repeated; every value is tried."""
    return click.option(*names, type=type, multiple=True, help=help, **settings)


@click.command()
@click.argument("corpus", type=existing_path)
@_several(
    "--model",
    "models",
    type=click.Choice(list(KINDS)),
    default=["prodlda"],
    show_default=True,
    help="Kind of model.",
)
@click.option(
    "--word-vectors",
    type=existing_path,
    help="File of word vectors of word2vec, GloVe or fastText for etm. Without it they are learned.",
)
@_several(
    "--groups",
    type=Groups(),
    help="Number of topics in each group, such as 25,25; a single number is one group.",
)
@_several(
    "--encoder-input",
    "encoder_inputs",
    type=click.Choice(INPUTS),
    default=[COUNTS],
    show_default=True,
    help=HELP,
)
@_several("--alpha", type=Finite(0), help="Weight of the mutual information.")
@_several("--beta", type=Finite(0), help="Weight of the correlation between groups.")
@_several("--gamma", type=Finite(0), help="Weight of the correlation within groups.")
@_several(
    "--objective",
    "objectives",
    type=Objective(),
    default=["hfvae"],
    show_default=True,
    help="Objective to minimise; --alpha, --beta and --gamma apply only to hfvae.",
)
@_several(
    "--seed",
    "seeds",
    type=SEED,
    default=[0],
    show_default=True,
    help="Random seed; repeat the option for several fits. Stability needs at least two seeds.",
)
@click.option(
    "--validation",
    type=Held(),
    help="Split to evaluate on, or the fraction of documents to hold out.  "
    f"[default: the split {', '.join(VALIDATION_SPLITS[:-1])} or {VALIDATION_SPLITS[-1]} if present, "
    f"else {VALIDATION_SHARE}]",
)
@click.option(
    "--coherence",
    type=click.Choice(MEASURES),
    default="c_npmi",
    show_default=True,
    help="Coherence measure.",
)
@click.option(
    "-n",
    "--words",
    "top_n",
    type=click.IntRange(2),
    default=10,
    show_default=True,
    help="Number of top words per topic for coherence, diversity and distinct topics.",
)
@click.option(
    "--rank-by",
    type=click.Choice(RANKINGS),
    default="coherence",
    show_default=True,
    help="Measure by which settings are sorted, best first.",
)
@click.option("--epochs", "max_iter", type=click.IntRange(1), help="Passes over the documents.")
@click.option("--batch-size", type=BatchSize(), help="Number of documents per training step.")
@click.option("--learning-rate", type=Finite(0, min_open=True), help="Initial learning rate of Adam.")
@click.option(
    "--ramp",
    type=Share(0),
    help="Epochs over which alpha, beta and gamma go from 1 to their final values, or a fraction of the "
    "epochs; they begin when the topics are assigned to groups.",
)
@beforehand_options
@click.option("--device", type=str, help="Device to train on: auto, cpu, cuda …")
@click.option(
    "--jobs",
    "n_jobs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of parallel processes.",
)
@click.option("--by-run", is_flag=True, help="Print one row per seed instead of one row per setting.")
@click.option("--out", type=new_path, help="Also write a CSV file with one row per seed.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@quiet_option
@vocabulary_option
@corpus_options
@style_options
@command_options
def compare(
    source: Source,
    models: tuple[str, ...],
    word_vectors: Path | None,
    groups: tuple[Any, ...],
    encoder_inputs: tuple[str, ...],
    objectives: tuple[Any, ...],
    seeds: tuple[int, ...],
    validation: str | float | None,
    coherence: str,
    top_n: int,
    rank_by: str,
    n_jobs: int,
    by_run: bool,
    out: Path | None,
    force: bool,
    quiet: bool,
    vocabulary: Path | None,
    style: Style,
    **options: Any,
) -> None:
    """Fit several settings of a model on CORPUS and compare them on held-out documents.

    Repeat an option to try several values: --groups 10,10 --groups 25,25 --gamma 1 --gamma 4 gives four
    settings, and --seed 0 --seed 1 fits each of them twice. Settings are sorted by coherence, or by the
    measure of --rank-by, best first. Do not choose by perplexity: the plain VAE always has the best one.

    Other parameters keep the defaults of fit.

    If the corpus has splits, models are fitted on the split "train" (change it with --split). The split
    "test" is not used: keep it for the model you choose.
    """
    weights = {name: distinct(options.pop(name)) for name in WEIGHTS}
    inputs = distinct(encoder_inputs)
    check_read(source, inputs)
    grid = grid_of(distinct(models), distinct(groups), distinct(objectives), weights, inputs)
    if out is not None:
        check_free(out, force or folder_of(out).is_dir(), is_file=True)
    if word_vectors is not None and "etm" not in models:
        raise click.UsageError("--word-vectors is only valid with --model etm")
    of_etm = {"word_vectors": word_vectors}
    estimators = {
        name: unfitted(name, "hfvae", **options, **(of_etm if name == "etm" else {}))
        for name in distinct(models)
    }
    train, held = divided(source, source.read(words_file=vocabulary, explain=not quiet), validation)
    check_held(train, inputs)
    from hftopic.analysis.selection.comparison import compare as compared

    if not quiet:
        note(f"Fitting on {len(train):,} documents, evaluating on {len(held):,}")
    with nullcontext() if out is None else Unfinished(out, force) as store:
        found = compared(
            estimators if len(estimators) > 1 else next(iter(estimators.values())),
            grid,
            train=train,
            validation=held,
            seeds=distinct(seeds),
            coherence=coherence,
            top_n=top_n,
            n_jobs=n_jobs,
            verbose=int(not quiet and sys.stderr.isatty()),
            store=store,
        )
        if out is not None:
            write_table(found.table, out)
    by = coherence if rank_by == "coherence" else rank_by
    runs, settings = (ranked(table, by) for table in (found.table, found.summary()))
    if style == "json":
        show_tables({"settings": settings, "runs": runs})
    else:
        table = runs if by_run else settings
        show(table if style else readable(table, found.parameters), style)


def distinct(values: Sequence[Any]) -> list[Any]:
    """Distinct values, in the given order."""
    return [value for place, value in enumerate(values) if value not in values[:place]]


def grid_of(
    models: list[str],
    groups: list[Any],
    objectives: list[Any],
    weights: dict[str, list[float]],
    inputs: list[str],
) -> list[dict[str, list[Any]]]:
    """Grid of settings: the weights with HFVAE, and each other objective without weights.

    Raises
    ------
    click.UsageError
        The options cannot be used together.
    """
    from hftopic.objective import VAE

    for model, number in product(models, groups):
        check_together(model, "hfvae", groups=number, topic_softmax=None)
    given = {name: values for name, values in weights.items() if values}
    if given and "hfvae" not in objectives:
        raise click.UsageError(
            f"{', '.join(f'--{name}' for name in given)}: only valid with --objective hfvae; write the "
            "weights of another objective inside it, such as 'BetaTCVAE(beta=4.0)', or add --objective hfvae"
        )
    shared = {"groups": groups} if groups else {}
    shared |= {"encoder_input": inputs} if inputs != [COUNTS] else {}
    others = [VAE() if objective == "vae" else objective for objective in objectives if objective != "hfvae"]
    grid: list[dict[str, list[Any]]] = [{**shared, **given}] if "hfvae" in objectives else []
    return [*grid, {**shared, "objective": others}] if others else grid


def divided(source: Source, corpus: "Corpus", validation: str | float | None) -> "tuple[Corpus, Corpus]":
    """Documents to fit on, and documents to evaluate on.

    Raises
    ------
    click.UsageError
        The split does not exist, or no documents are left to fit on.
    """
    names = set() if corpus.splits is None else set(corpus.splits)
    if validation is None:
        named = VALIDATION_SPLITS if source.split in (None, ALL) else ()
        validation = next((name for name in named if name in names), VALIDATION_SHARE)
    if isinstance(validation, str):
        return _by_split(source, corpus, validation, names)
    if source.split is None and "train" in names:
        corpus = corpus.split("train")
    return _by_share(corpus, validation)


def _by_split(source: Source, corpus: "Corpus", validation: str, names: set[str]) -> "tuple[Corpus, Corpus]":
    if validation not in names:
        there = f"the splits here are {', '.join(sorted(names))}" if names else "there are no splits here"
        raise click.UsageError(
            f"--validation: no split {validation!r}; {there}. Pass a split, or a fraction such as 0.2"
        )
    held = corpus.split(validation)
    rest = corpus[corpus.splits != validation]
    if source.split is None and "train" in names - {validation}:
        rest = corpus.split("train")
    if not len(rest):
        raise click.UsageError(f"--validation {validation}: no documents are left to fit on")
    return rest, held


def _by_share(corpus: "Corpus", share: float) -> "tuple[Corpus, Corpus]":
    import numpy as np

    n_held = round(share * len(corpus))
    order = np.random.default_rng(DIVISION_SEED).permutation(len(corpus))
    return corpus[np.sort(order[n_held:])], corpus[np.sort(order[:n_held])]


def ranked(table: "pd.DataFrame", by: str) -> "pd.DataFrame":
    """Rows sorted by one measure, highest first, missing values last."""
    return table.sort_values(by, ascending=False, kind="stable", ignore_index=True)


def readable(table: "pd.DataFrame", parameters: Sequence[str]) -> "pd.DataFrame":
    """Table for people: the parameters in which settings differ, and means without standard deviations."""
    left_out = ["name" if parameters else "", "topics", "runs"]
    left_out += [f"{column}_sd" for column in table]
    empty = ("failed", "nothing_learnt", "error")
    left_out += [column for column in empty if column in table and not table[column].any()]
    short = table.drop(columns=left_out, errors="ignore")
    if "objective" in short:
        short["objective"] = short["objective"].fillna("HFVAE")
    return short


def write_table(table: "pd.DataFrame", out: Path) -> None:
    """Write the runs as CSV, atomically."""
    from hftopic._files import written_whole

    with written_whole(out) as draft:
        write_csv(table, draft)
    note(f"{len(table):,} runs in {out}")
