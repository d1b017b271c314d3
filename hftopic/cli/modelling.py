"""``fit``: fit a model on a corpus and save it."""

import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic.cli.beforehand import beforehand_options
from hftopic.cli.embeddings import COUNTS, check_held, check_read, encoder_input_option
from hftopic.cli.interruption import EndOfEpoch, Kept
from hftopic.cli.job import in_processes, rank
from hftopic.cli.options import (
    Command,
    check_free,
    command_options,
    quiet_option,
    style_options,
    vocabulary_option,
)
from hftopic.cli.plans import cost_of_many_topics, duration, expected_seconds
from hftopic.cli.sources import Source, corpus_options
from hftopic.cli.tables import Style, show_values
from hftopic.cli.terminal import note
from hftopic.cli.values import (
    SEED,
    BatchSize,
    Finite,
    Groups,
    Integers,
    Objective,
    Share,
    Written,
    existing_path,
    new_path,
)

if TYPE_CHECKING:
    from hftopic.data.corpus import Corpus
    from hftopic.data.shards import ShardedCorpus


KINDS = {
    "prodlda": "ProdLDA",
    "nvdm": "NVDM",
    "nvlda": "NVLDA",
    "etm": "ETM",
}  # the class of each kind of model
SOME_KINDS = {  # with these parameters
    "topic_softmax": ("prodlda", "nvlda", "etm"),
    "decoder_norm": ("prodlda",),
    "word_vectors": ("etm",),
    "vector_size": ("etm",),
    "train_vectors": ("etm",),
}


def _setting(*names: str, type: Any, default: str, help: str) -> Callable[[Command], Command]:
    """Option for a parameter of the estimator; the help shows the default of the estimator."""
    return click.option(*names, type=type, help=f"{help}  [default: {default}]")


@click.command()
@click.argument("corpus", type=existing_path)
@click.option("--out", type=new_path, required=True, help="Folder for the model.")
@click.option("--force", is_flag=True, help="Replace an existing model; other files of its folder stay.")
@click.option(
    "--model",
    type=click.Choice(list(KINDS)),
    default="prodlda",
    show_default=True,
    help="Kind of model.",
)
@_setting(
    "--groups",
    type=Groups(),
    default="25,25",
    help="Number of topics in each group, such as 25,25; '(25, Concrete(20))' adds a discrete variable with "
    "20 classes.",
)
@_setting("--alpha", type=Finite(0), default="1.0", help="Weight of the mutual information.")
@_setting("--beta", type=Finite(0), default="1.0", help="Weight of the correlation between groups.")
@_setting("--gamma", type=Finite(0), default="3.0", help="Weight of the correlation within groups.")
@click.option(
    "--objective",
    type=Objective(),
    default="hfvae",
    show_default=True,
    help="Objective to minimise: hfvae (grouped topics), vae (plain VAE), or an expression such as "
    "'BetaTCVAE(beta=4.0)'.",
)
@_setting(
    "--marginals",
    type=click.Choice(["gaussian", "hfvae", "mws", "mss", "full"]),
    default="gaussian",
    help="Estimator of the inference marginals: Gaussians, or a mixture over documents.",
)
@_setting(
    "--partners",
    type=click.IntRange(2),
    default="64",
    help="Minimum number of documents in the mixture for the marginal of a single topic.",
)
@_setting(
    "--assignment",
    type=click.Choice(["auto", "learned", "fixed"]),
    default="auto",
    help="Whether the group of each topic is learned: auto learns it wherever the model allows it.",
)
@click.option(
    "--prior",
    type=Written(),
    help="Prior, such as 'DirichletLaplace(0.5)'; by default that of the model, with learned correlations.",
)
@beforehand_options
@_setting(
    "--topic-softmax",
    type=click.Choice(["joint", "group"]),
    default="joint",
    help="One softmax over all topics (joint) or one per group; not for nvdm.",
)
@_setting(
    "--decoder-norm",
    type=click.Choice(["full", "shift"]),
    default="full",
    help="Batch norm of the decoder: with a shift and a scale, or with a shift only; prodlda only.",
)
@encoder_input_option
@click.option(
    "--word-vectors",
    type=existing_path,
    help="File of word vectors of word2vec, GloVe or fastText; etm only. Without it they are learned.",
)
@_setting(
    "--vector-size",
    type=click.IntRange(1),
    default="100",
    help="Number of dimensions of learned word vectors; etm only.",
)
@click.option(
    "--train-vectors/--fixed-vectors",
    "train_vectors",
    default=None,
    help="Whether training changes the given word vectors; by default it does not. etm only.",
)
@_setting("--hidden", type=Integers(), default="200,200", help="Sizes of the hidden layers of the encoder.")
@_setting(
    "--dropout",
    type=Finite(0, 1, max_open=True),
    default="0.05",
    help="Dropout rate.",
)
@_setting(
    "--word-dropout",
    type=Finite(0, 1, max_open=True),
    default="0.1; nvdm: 0.3",
    help="Fraction of a document's words hidden from the encoder in training.",
)
@_setting(
    "--encoder-norm",
    type=click.Choice(["none", "shift", "scale"]),
    default="none; nvlda, etm: scale",
    help="Batch norm on the outputs of the encoder: none, with a shift only, or with a scale for all topics.",
)
@_setting(
    "--epochs",
    "max_iter",
    type=click.IntRange(1),
    default="by the size of the corpus",
    help="Passes over the documents.",
)
@_setting("--batch-size", type=BatchSize(), default="auto", help="Number of documents per training step.")
@_setting(
    "--learning-rate",
    type=Finite(0, min_open=True),
    default="0.004",
    help="Initial learning rate of Adam.",
)
@_setting(
    "--warm-up",
    type=Share(0),
    default="0.1",
    help="Epochs (or fraction of all epochs) over which the weights rise from 0.",
)
@_setting(
    "--ramp",
    type=Share(0),
    default="1.0",
    help="Epochs over which alpha, beta and gamma go from 1 to their final values, or a fraction of the "
    "epochs; they begin when the topics are assigned to groups.",
)
@_setting(
    "--n-init",
    type=click.IntRange(1),
    default="1",
    help="Number of starts; the fit with the lowest loss is kept.",
)
@click.option("--jobs", "n_jobs", type=click.IntRange(1), help="Number of starts trained in parallel.")
@_setting(
    "--validation-fraction",
    type=Finite(0, 1, max_open=True),
    default="0.0",
    help="Fraction of documents held out for early stopping.",
)
@_setting(
    "--patience",
    type=click.IntRange(1),
    default="10",
    help="Epochs without a lower validation loss before training stops.",
)
@_setting("--device", type=str, default="auto", help="Device to train on: auto, cpu, cuda …")
@click.option("--seed", "random_state", type=SEED, default=0, show_default=True, help="Random seed.")
@click.option(
    "--keep-interrupted",
    is_flag=True,
    help="When interrupted (Ctrl-C or SIGTERM), end the current epoch and save the model; interrupt twice to "
    "stop at once.",
)
@click.option(
    "--checkpoint",
    type=new_path,
    help="Folder for the state of the training: after any interruption the same command goes on from there.",
)
@click.option(
    "--checkpoint-minutes",
    type=Finite(0),
    default=10.0,
    show_default=True,
    help="Minutes after which the state is written within an epoch; it is also written after epochs.",
)
@quiet_option
@vocabulary_option
@corpus_options
@style_options
@command_options
@in_processes
def fit(
    source: Source,
    out: Path,
    force: bool,
    model: str,
    objective: Any,
    keep_interrupted: bool,
    checkpoint: Path | None,
    checkpoint_minutes: float,
    quiet: bool,
    vocabulary: Path | None,
    style: Style,
    **settings: Any,
) -> None:
    """Fit a topic model on CORPUS and save it.

    If the corpus has splits, the split "train" is used (change it with --split). With
    "torchrun --nproc-per-node=2 -m hftopic fit ..." two processes share every mini-batch.
    """
    check_together(model, objective, **settings)
    inputs = [settings["encoder_input"] or COUNTS]
    check_read(source, inputs)
    if keep_interrupted and (settings["n_init"] or 1) > 1:
        raise click.UsageError(
            "--keep-interrupted: only valid with --n-init 1; starts are compared by their loss at the end of "
            "training, which an interrupted one has not reached"
        )
    if keep_interrupted and checkpoint is not None:
        raise click.UsageError(
            "--keep-interrupted: not with --checkpoint, after which the same command goes on"
        )
    from hftopic.models.folder import check_replaceable

    check_replaceable(out)
    check_free(out, force)
    progress = not quiet and sys.stderr.isatty()
    estimator = unfitted(model, objective, verbose=int(progress), **settings)
    documents = source.read_or_open(words_file=vocabulary, prefer="train", explain=not quiet)
    check_held(documents, inputs)
    cost = cost_of_many_topics(estimator, documents)
    if cost:
        least = duration(expected_seconds(estimator, documents))
        note(f"Warning: {cost}. Training will take more than {least}")
    with EndOfEpoch() if keep_interrupted else nullcontext() as end:
        if not quiet:
            note(f"Fitting on {documents!r}")
        with Kept(checkpoint, checkpoint_minutes, quiet) as kept:
            train_and_save(estimator, documents, out, end, **kept.arguments)
    if end is not None and end.received is not None:
        note(f"Interrupted after epoch {estimator.n_iter_}: the model of this epoch is saved in {out}")
    show_values({"model": str(out), **outcome(estimator, documents)}, style)
    if end is not None and end.received is not None:
        click.get_current_context().exit(end.exit_code)


def train_and_save(
    estimator: Any,
    documents: "Corpus | ShardedCorpus",
    out: Path,
    end: EndOfEpoch | None,
    callbacks: Sequence[Any] = (),
    **checkpoint: Any,
) -> None:
    """Train a model and save it; with ``end`` also if training is interrupted or diverges.

    Raises
    ------
    RuntimeError
        Training diverged; the message says whether the last good epoch is saved.
    """
    from hftopic import TrainingDivergedError

    try:
        estimator.fit(documents, callbacks=[*callbacks, *([] if end is None else [end])], **checkpoint)
    except TrainingDivergedError as error:
        if end is None:
            raise RuntimeError(f"{error}; they are not saved, see --keep-interrupted") from error
        if not estimator.n_iter_:
            raise RuntimeError(f"{error}, before training; they are not saved") from error
        save(estimator, out)
        raise RuntimeError(f"{error}; they are saved in {out}") from error
    save(estimator, out)


def save(fitted: Any, out: Path) -> None:
    """Save a fitted model; of several processes the first saves it.

    If ``out`` has become unwritable while the model was trained, the model is saved in a new folder for
    temporary files.

    Raises
    ------
    click.ClickException
        The model is saved in the other folder, which the message names.
    """
    if rank():
        return
    try:
        fitted.save(out)
    except OSError as error:
        refuge = Path(tempfile.mkdtemp(prefix="hftopic-")) / "model"
        fitted.save(refuge)
        raise click.ClickException(
            f"cannot write {out}: {error.strerror or error}. The model is saved in {refuge} instead"
        ) from error


def check_together(model: str, objective: Any, **settings: Any) -> None:
    """Check that the options can be used together.

    Raises
    ------
    click.UsageError
        They cannot.
    """
    weights = [f"--{name}" for name in ("alpha", "beta", "gamma", "ramp") if settings.get(name) is not None]
    if objective != "hfvae" and weights:
        raise click.UsageError(
            f"{', '.join(weights)}: only valid with --objective hfvae; write the weights of another "
            "objective inside it, such as 'BetaTCVAE(beta=4.0)'"
        )
    for name, kinds in SOME_KINDS.items():
        if model not in kinds and settings.get(name) is not None:
            raise click.UsageError(
                f"--{name.replace('_', '-')} is only valid with --model {' or '.join(kinds)}"
            )
    if settings.get("train_vectors") is not None and settings.get("word_vectors") is None:
        raise click.UsageError(
            "--train-vectors and --fixed-vectors are only valid with --word-vectors; without it all vectors "
            "are learned"
        )
    groups = settings["groups"]
    plain = isinstance(groups, tuple) and all(isinstance(group, int) for group in groups)
    if model in SOME_KINDS["topic_softmax"] and plain:
        if sum(groups) < 2:
            raise click.UsageError("--groups: topic proportions need at least two topics, such as --groups 2")
        if settings["topic_softmax"] == "group" and min(groups) < 2:
            raise click.UsageError(
                "--groups: with --topic-softmax group, each group needs at least two topics, such as "
                "--groups 2,2"
            )


def unfitted(model: str, objective: Any, **settings: Any) -> Any:
    """Estimator with the given settings; None keeps the default of the estimator.

    Raises
    ------
    ValueError
        The device is not available.
    """
    import hftopic
    from hftopic.models.parameters import chosen_device
    from hftopic.objective import VAE

    given = {name: value for name, value in settings.items() if value is not None}
    if objective != "hfvae":
        given["objective"] = VAE() if objective == "vae" else objective
    chosen_device(given.get("device", "auto"))  # fail before the corpus is read
    return getattr(hftopic, KINDS[model])(**given)


def outcome(fitted: Any, documents: "Corpus | ShardedCorpus") -> dict[str, Any]:
    """Sizes of the fitted model, and the terms of the objective in the last epoch, in nats per document."""
    from hftopic.topics.shares import in_use

    terms = fitted.history_.iloc[-1].drop(["epoch", "learning_rate", "warm_up"], errors="ignore")
    return {
        "documents": len(documents),
        "words": documents.n_words,
        "groups": int(fitted.topic_groups_.max()) + 1,
        "topics": len(fitted.topic_groups_),
        "topics_in_use": int(in_use(fitted.topic_summary_).sum()),
        "epochs": int(fitted.n_iter_),
        **terms.to_dict(),
    }
