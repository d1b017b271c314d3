"""Tests of the translation of parameter names in messages to command-line options."""

import pytest

from hftopic.cli import program
from hftopic.cli.messages import in_options
from hftopic.cli.program import _message
from hftopic.models.reading import MEAN_DESIGN, NO_EMBEDDINGS
from hftopic.training import TrainingDivergedError


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("device='cuda' cannot be used here: x", "--device cuda cannot be used here: x"),
        ("topic_softmax='joint' needs two topics", "--topic-softmax joint needs two topics"),
        (r'token_pattern="(?u)\b\w+" leaves nothing', r'--token-pattern "(?u)\b\w+" leaves nothing'),
        ("token_pattern='a b' and stop_words=None", "--token-pattern 'a b' and --stop-words None"),
        ("min_df=5 removes every word; lower min_df", "--min-df 5 removes every word; lower --min-df"),
        ("give format= one of npz, txt", "give --format one of npz, txt"),
        ("name one by text_column=: 'a'", "name one by --text-column: 'a'"),
        ("pass the column as text_column=. The columns", "pass the column as --text-column. The columns"),
        ("pass its encoding with encoding=", "pass its encoding with --encoding"),
        ("train longer (max_iter), or on more", "train longer (--epochs), or on more"),
        ("pass encoding='utf-16'", "pass --encoding utf-16"),
        ("Give vocabulary= the path", "Give --vocabulary the path"),
        ("text= has no effect on x", "a text option, such as --min-df, has no effect on x"),
        ("objective=HFVAE(alpha=1.0, beta=0.1) is", "objective=HFVAE(alpha=1.0, beta=0.1) is"),
        ("such as (alpha=1, f(beta=2), gamma=4)", "such as (alpha=1, f(beta=2), gamma=4)"),
        ("lower alpha or the groups", "lower alpha or the groups"),
        ("no column 'label_column' in min_df.csv", "no column 'label_column' in min_df.csv"),
        ("/data/min_df/x and my_min_df=3", "/data/min_df/x and my_min_df=3"),
    ],
)
def test_only_what_is_a_parameter_becomes_an_option(message: str, told: str) -> None:
    assert in_options(message, program.commands["fit"]) == told


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (NO_EMBEDDINGS, "reads: pass --embeddings, or a CORPUS that has some"),
        (MEAN_DESIGN, "average metadata; pass a CORPUS that has some"),
        ("needs metadata: pass metadata= or a Corpus that has some", "pass a CORPUS that has some"),
    ],
)
def test_calls_of_python_become_what_a_command_takes(message: str, told: str) -> None:
    assert in_options(message, program.commands["transform"]).endswith(told)


def test_advice_after_a_divergence_names_options() -> None:
    told = in_options(str(TrainingDivergedError("loss", 3, 2, 0.5)), program.commands["fit"])
    assert "Lower --learning-rate (now 0.5)" in told
    assert "increase --warm-up." in told


def test_message_of_no_command_is_left_alone() -> None:
    assert in_options("min_df=5 removes every word", None) == "min_df=5 removes every word"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("min_df is 3"), "min_df is 3"),
        (FileNotFoundError(2, "No such file", "a"), "a: No such file"),
        (OSError(18, "Invalid cross-device link", "a", None, b"b"), "a: b: Invalid cross-device link"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("the network is down"), "the network is down"),
        (MemoryError(), "there is not enough memory; use fewer words or documents"),
        (MemoryError("5 GiB"), "there is not enough memory: 5 GiB; use fewer words or documents"),
        (KeyError("schema"), "KeyError: 'schema'\nThis is an unexpected error; run with --debug"),
        (ValueError(), "ValueError\nThis is an unexpected error; run with --debug"),
        (ZeroDivisionError("x"), "ZeroDivisionError: x\nThis is an unexpected error; run with --debug"),
        (
            UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
            "a text cannot be read or written in this encoding",
        ),
    ],
)
def test_message_of_any_error(error: Exception, told: str) -> None:
    assert _message(error).startswith(told)
