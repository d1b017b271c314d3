"""Repeated text: near-duplicate documents and sentences that several documents share."""

from hypothesis import given
from hypothesis import strategies as st

from hftopic.data.datasets.repeats import without_repeated_sentences, without_twins

WORDS = st.lists(st.sampled_from("abc"), max_size=14).map(tuple)
TEXT = (
    "compute the sum of the values of a series along the given axis where missing values are skipped first "
    "and the result has the same index as the series unless a level is named in which case groups are summed"
)


def similarity(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """Jaccard similarity of the sets of three consecutive words, or of all words of a shorter text."""
    sets = [{words[at : at + 3] for at in range(len(words) - 2)} or {words} for words in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


@given(st.lists(WORDS, max_size=12))
def test_twins_are_those_of_all_pairs(documents: list[tuple[str, ...]]) -> None:
    kept: list[int] = []
    for position, words in enumerate(documents):
        if all(similarity(words, documents[earlier]) < 0.7 for earlier in kept):
            kept.append(position)
    assert without_twins(documents) == kept


def test_a_twin_goes_and_a_similar_text_stays() -> None:
    first = TEXT.split()
    twin = ["dataframe" if word == "series" else word for word in first]
    similar = [*first[: len(first) // 2], *reversed(first[len(first) // 2 :])]
    assert without_twins([tuple(first), tuple(twin), tuple(similar)]) == [0, 2]
    assert similarity(tuple(first), tuple(similar)) > 0.3


@given(st.lists(st.lists(WORDS, max_size=4), max_size=6))
def test_every_sentence_is_left_once_where_it_came_first(documents: list[list[tuple[str, ...]]]) -> None:
    kept = without_repeated_sentences(documents)
    left = [documents[document][at] for document, positions in enumerate(kept) for at in positions]
    said = [words for sentences in documents for words in sentences]
    assert left == list(dict.fromkeys(said))
    assert all(positions == sorted(positions) for positions in kept)
