"""Texts, dates and other columns of documents have one type a column, and stay with their documents."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from hftopic import Corpus, CorpusError, TextOptions, corpus_from_texts
from hftopic.data.kinds import typed, typed_fields
from hftopic.data.metadata import as_values
from hftopic.data.reading import options_of

TEXTS = ["The team won the game.", "God is good.", "", "A game of faith, a team of gods."]


def corpus() -> Corpus:
    return corpus_from_texts(
        TEXTS,
        options=TextOptions(min_df=1, max_df=1.0, stop_words=("the", "is")),
        dates=["2024-01-31", None, "31/12/2024", "2024"],
        metadata={"place": [0, 1, 2, 3], "author": ["Ann", "", None, "Bo"], "score": [1, 2.5, None, 4]},
    )


def test_every_part_of_a_document_stays_with_it() -> None:
    whole = corpus()
    halves = train_test_split(whole, test_size=0.5, random_state=0)
    others = [whole.with_labels(list("abcd"))[1:], whole.with_vocabulary(["team", "game"])]
    chosen = [whole[::-1], whole[[2, 0]], whole[whole.dates != ""], *halves, *others]
    for part in chosen:
        places = part.metadata["place"].tolist()
        assert part.texts.tolist() == [TEXTS[place] for place in places]
        assert part.dates.tolist() == [["2024-01-31", "", "31/12/2024", "2024"][place] for place in places]
        assert part.metadata["author"].isna().tolist() == [place in (1, 2) for place in places]
        assert part.reading == whole.reading
    assert whole[:0].metadata.shape == (0, 3)
    assert whole[:0].metadata.dtypes.tolist() == whole.metadata.dtypes.tolist()


def test_a_corpus_that_was_pickled_before_it_had_these_parts_is_whole() -> None:
    state = vars(corpus()).copy()
    for part in ("texts", "dates", "_columns", "_reading"):
        del state[part]
    old = Corpus.__new__(Corpus)
    old.__setstate__(state)
    assert (old[:2].texts, old.dates, old.metadata, old.reading) == (None, None, None, None)
    assert old.sha256() == corpus().sha256()


def test_texts_are_the_objects_that_were_given_or_are_not_held() -> None:
    assert all(kept is text for kept, text in zip(corpus().texts, TEXTS, strict=True))
    options = TextOptions(min_df=1)
    assert corpus_from_texts(iter(TEXTS), options=options).texts.tolist() == TEXTS
    assert corpus_from_texts(iter(TEXTS), options=options, keep_texts=False).texts is None


def test_a_corpus_tells_the_options_that_it_was_read_with() -> None:
    options = TextOptions(min_df=1, max_df=1.0, stop_words=("the", "is"))
    assert TextOptions(**options_of(corpus().reading)) == options
    changed = corpus_from_texts(["one game"] * 5, options=TextOptions(max_df=1.0)).reading
    assert options_of(changed) == {"max_df": 1.0}
    assert Corpus([[1]], ["a"]).reading is None
    held = corpus()
    held.reading["options"] = {}
    assert held.reading["options"]


def test_metadata_of_a_frame_and_of_a_dict_are_the_same() -> None:
    frame = pd.DataFrame(
        {
            "whole": [1, 2],
            "number": [0.5, np.nan],
            "truth": [True, False],
            "text": ["a", None],
            "kind": pd.Categorical(["x", "y"]),
            "day": pd.to_datetime(["2024-01-31", None]),
            "moment": [datetime(2024, 1, 31, 12, 30), date(2024, 2, 1)],
            "money": [Decimal("1.5"), Fraction(1, 2)],
            "mixed": [1, "one"],
            "nothing": [None, pd.NA],
        }
    )
    made = Corpus([[1], [2]], ["a"], metadata=frame).metadata
    assert {name: kind.kind for name, kind in made.dtypes.items() if kind.kind in "bif"} == {
        "whole": "i",
        "number": "f",
        "truth": "b",
        "money": "f",
    }
    assert made["day"].fillna("").tolist() == ["2024-01-31", ""]
    assert made["moment"].tolist() == ["2024-01-31T12:30:00", "2024-02-01"]
    assert made["mixed"].tolist() == ["1", "one"]
    again = Corpus([[1], [2]], ["a"], metadata=made.to_dict("list")).metadata
    pd.testing.assert_frame_equal(made, again)
    made.loc[:, "whole"] = 0
    assert Corpus([[1], [2]], ["a"], metadata=frame).metadata["whole"].tolist() == [1, 2]
    assert Corpus([[1]], ["a"], metadata={}).metadata is None


def test_categories_of_pandas_are_texts_and_a_lost_order_is_told() -> None:
    def made(values: Any) -> list[Any]:
        column: list[Any] = Corpus([[1]] * 3, ["a"], metadata={"kind": values}).metadata["kind"].tolist()
        return column

    assert made(pd.Categorical([1, 2, 3])) == ["1", "2", "3"]  # no numbers, which would be one linear term
    assert made(pd.Series(pd.Categorical(["x", None, "z"], ["x", "y", "z"]))) == ["x", None, "z"]
    assert as_values(pd.Categorical([1, 2, 3]), "metadata") == ["1", "2", "3"]  # of shards that are built
    assert made(pd.cut([1, 5, 9], [0, 2, 6, 10])) == ["(0, 2]", "(2, 6]", "(6, 10]"]
    for categories, ordered in ((["c", "b", "a"], False), (["a", "c", "b"], True)):
        with pytest.warns(UserWarning, match=rf"order of .*'kind'.* 'a' is the.*{categories[1]}") as told:
            assert made(pd.Categorical(["a", "b", "c"], categories, ordered=ordered)) == ["a", "b", "c"]
        assert told[0].filename == __file__
    assert made(pd.Categorical(["a", "b", "c"], ["a", "c", "b"])) == ["a", "b", "c"]  # the same reference
    assert made(pd.Categorical(["a", "b", "b"], ["z", "a", "b"])) == ["a", "b", "b"]  # z does not occur


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"texts": ["a"]}, "1 texts for 2 documents"),
        ({"texts": ["a", None]}, r"texts\[1\] is None of type NoneType, not a string"),
        ({"texts": ["a", "\ud800"]}, r"texts\[1\] has half a character"),
        ({"texts": "ab"}, "texts is a str"),
        ({"dates": ["2024"]}, "1 dates for 2 documents"),
        ({"dates": [True, False]}, r"dates\[0\] is True"),
        ({"dates": [["2024"], ""]}, r"dates\[0\] is \['2024'\]"),
        ({"metadata": ["a", "b"]}, "metadata is list"),
        ({"metadata": {1: ["a", "b"]}}, "the column 1 of metadata must have a name"),
        ({"metadata": {" ": ["a", "b"]}}, "must have a name"),
        ({"metadata": {"a": "ab"}}, r"metadata\['a'\] is a str"),
        ({"metadata": {"a": [1]}}, r"metadata\['a'\] has 1 values for 2 documents"),
        ({"metadata": {"a": [1, [2]]}}, r"metadata\['a'\]\[1\] is \[2\] of type list"),
        ({"metadata": {"a": ["x", "\ud800"]}}, r"metadata\['a'\]\[1\] has half a character"),
        (
            {"metadata": pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])},
            "'a' is in the names of the columns",
        ),
        ({"reading": ["a"]}, "reading must be a dict or None"),
        ({"reading": {"options": {1, 2}}}, "reading cannot be written as JSON"),
    ],
)
def test_parts_that_no_corpus_has(part: dict[str, Any], told: str) -> None:
    with pytest.raises(CorpusError, match=told):
        Corpus([[1], [2]], ["a"], **part)


def test_dates_are_texts() -> None:
    given_dates = [
        2008,
        2008.0,
        "31 Jan 2024",
        date(2024, 1, 31),
        pd.Timestamp("2024-01-31 10:00"),
        pd.NaT,
        " ",
    ]
    held = Corpus([[1]] * 7, ["a"], dates=given_dates).dates.tolist()
    assert held == ["2008", "2008", "31 Jan 2024", "2024-01-31", "2024-01-31T10:00:00", "", ""]


@given(
    st.lists(
        st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.booleans(), st.text(min_size=1))
    )
)
def test_a_column_has_one_type_and_loses_nothing(values: list[Any]) -> None:
    """Numbers are numbers as long as each is exact; else all values are texts."""
    column = typed(values)
    for value, held in zip(values, column.tolist(), strict=True):
        if value is None:
            assert held is None or np.isnan(held)
        else:
            assert held == value or held == str(value)


@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(allow_nan=False))))
def test_numbers_that_are_written_are_read(values: list[Any]) -> None:
    column = typed(values)
    written = ["" if value is None or value != value else str(value) for value in column.tolist()]
    np.testing.assert_array_equal(typed_fields(written), column)


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        (["1", "2"], [1, 2]),
        (["1", ""], [1.0, np.nan]),
        (["1.5", "NA"], [1.5, np.nan]),
        (["01", "2"], ["01", "2"]),  # a code
        (["+49", "2"], ["+49", "2"]),  # a telephone number
        (["9007199254740993", ""], ["9007199254740993", None]),  # float64 does not hold it
        (["9" * 30], ["9" * 30]),
        (["9" * 5000], ["9" * 5000]),  # longer than Python reads as a number
        (["1,5", "2"], ["1,5", "2"]),
        (["True", "False"], [True, False]),
        (["True", ""], ["True", None]),
        (["NA", "x"], ["NA", "x"]),  # Namibia
        (["NA", ""], ["NA", None]),
        (["", ""], [None, None]),
        ([], []),
    ],
)
def test_types_of_fields_of_text(fields: list[str], held: list[Any]) -> None:
    column = typed_fields(fields).tolist()
    assert [repr(value) for value in column] == [repr(value) for value in held]
