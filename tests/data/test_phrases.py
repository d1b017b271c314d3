"""Phrases are those of gensim; new texts and shards have them as the texts that they were found in."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftopic import (
    CorpusError,
    PhraseOptions,
    ProdLDA,
    TextOptions,
    TopicPipeline,
    build_corpus,
    corpus_from_texts,
    corpus_from_tokens,
    load,
    read_corpus,
)
from hftopic.data.building import streams
from hftopic.data.phrases import joiner, learnt_phrases
from hftopic.data.stop_words import stop_words_of

EVERY = {"min_df": 1, "max_df": 1.0}
SETTINGS = [
    PhraseOptions(),
    PhraseOptions(min_count=2, threshold=0.2),
    PhraseOptions(min_count=1, threshold=1.5, scoring="default"),
]


def texts(n: int = 240, seed: int = 0) -> list[str]:
    """Texts with planted phrases among words in random order."""
    chance = random.Random(seed)
    words = [f"{a}{b}word" for a in "abcdef" for b in "xyz"]
    made = []
    for _ in range(n):
        text = chance.choices(words, k=10)
        for planted in ("new york", "state of the art", "new", "york"):
            if chance.random() < 0.4:
                text.insert(chance.randrange(len(text)), planted)
        made.append(" ".join(text))
    return made


TEXTS = texts()


def test_planted_phrases_are_found_and_no_others() -> None:
    corpus = corpus_from_texts(TEXTS, options=TextOptions(phrases=True, token_pattern=r"\w+", **EVERY))
    assert corpus.reading["options"]["phrases"] == ["new york", "state of the art"]
    assert {word for word in corpus.vocabulary if "_" in word} == {"new_york", "state_of_the_art"}
    bare = corpus_from_texts(TEXTS, options=TextOptions(token_pattern=r"\w+", **EVERY))
    joined = corpus.counts[:, corpus.vocabulary == "new_york"].sum()
    assert joined > 50
    for word in ("new", "york"):
        before, after = (c.counts[:, c.vocabulary == word].sum() for c in (bare, corpus))
        assert after == before - joined


@pytest.mark.parametrize("settings", SETTINGS)
@given(st.lists(st.lists(st.sampled_from("abcd") | st.just("the"), max_size=12), min_size=1, max_size=20))
def test_phrases_are_those_of_gensim(settings: PhraseOptions, documents: list[list[str]]) -> None:
    from gensim.models.phrases import Phrases

    stop_words = frozenset({"the"})
    fewest = settings.min_count or 5
    theirs = Phrases(
        documents,
        min_count=fewest,
        threshold=settings.least,
        scoring=settings.scoring,
        connector_words=stop_words,
        delimiter="_",
    )
    found = learnt_phrases(documents, settings, stop_words, lambda _: 0)
    assert set(found) == {phrase.replace("_", " ") for phrase in theirs.export_phrases()}
    join = joiner(found, "_")
    for document in documents:
        assert join(document) == theirs[document]


@given(
    st.lists(st.sampled_from("abc"), max_size=12),
    st.sets(st.sampled_from(["a b", "b c", "a b c", "c c", "b a"])),
)
def test_joining_takes_the_longest_phrase_from_the_left(words: list[str], phrases: set[str]) -> None:
    joined = joiner(phrases, "_")(words)
    assert [part for word in joined for part in word.split("_")] == words
    place = 0
    for word in joined:
        n = word.count("_") + 1
        longer = {" ".join(words[place : place + m]) for m in range(n + 1, len(words) - place + 1)}
        assert not longer & phrases
        assert n == 1 or word.replace("_", " ") in phrases
        place += n


def test_more_passes_find_longer_phrases() -> None:
    documents = [["new", "york", "city", word] for word in "abcdefgh" * 5] + [
        [word] for word in "abcdefgh" * 40
    ]
    one, two = (learnt_phrases(documents, PhraseOptions(passes=n), frozenset(), lambda _: 0) for n in (1, 2))
    assert "new york" in one
    assert set(one) < set(two)
    assert "new york city" in two
    assert joiner(two, "_")(documents[0])[0] == "new_york_city"


def test_no_phrase_has_punctuation_of_a_tokenizer() -> None:
    options = TextOptions(tokenizer=str.split, phrases=PhraseOptions(min_count=1, threshold=-1), **EVERY)
    corpus = corpus_from_texts(["red house , e-mail address . red"] * 6, options=options)
    assert corpus.reading["options"]["phrases"] == ["e-mail address", "red house"]
    assert corpus.tokens is not None
    assert corpus.tokens[0] == ("red_house", ",", "e-mail_address", ".", "red")


def test_phrases_that_are_given_are_joined_as_texts_have_them() -> None:
    options = TextOptions(phrases=("Bank of America", "new york"), **EVERY)
    corpus = corpus_from_texts(["The BANK of America in New York, the bank"], options=options)
    assert corpus.tokens == (("bank_of_america", "new_york", "bank"),)
    given_words = corpus_from_tokens(
        [["Bank", "of", "America"]],
        options=TextOptions(phrases=("Bank of America",), lowercase=False, **EVERY),
    )
    assert given_words.tokens == (("Bank_of_America",),)


GAPS = [
    "He lives in New\nYork. Rain fell.\n\nBirds sing.",
    "Live at home",
    "live on home",
    "state-of-the-art",
]


def test_phrases_cross_no_punctuation_and_no_blank_line() -> None:
    options = TextOptions(phrases=PhraseOptions(min_count=1, threshold=-1), **EVERY)
    corpus = corpus_from_texts(GAPS * 6, options=options)
    found = ["birds sing", "live at home", "live on home", "lives in new york", "new york", "rain fell"]
    assert set(corpus.reading["options"]["phrases"]) <= {*found, "lives in new", "state of the art"}
    assert {"rain_fell", "birds_sing", "live_at_home", "live_on_home"} <= set(corpus.vocabulary)
    assert "state_of_the_art" in corpus.vocabulary
    assert not {"york_rain", "fell_birds", "live_home"} & set(corpus.vocabulary)
    read = corpus_from_texts(GAPS * 6, options=TextOptions.like(corpus))
    assert read.sha256() == corpus.sha256()


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("It was new.\n\nYork is old", False),
        ("a new\nYork", True),
        ("new, york", False),
        ("new-york", True),
        ("new in york", False),
        ("new 7 york", False),
        ("new\n \nyork", False),
        ("new - york", False),
    ],
)
@pytest.mark.parametrize("pattern", [None, r"\b[a-z]{3,}\b", r"(?:^|\b)(\w\w\w+)"])
def test_given_phrases_are_joined_where_their_words_are_neighbours(
    text: str, joined: bool, pattern: str | None
) -> None:
    options = TextOptions(phrases=("new york",), stop_words=None, token_pattern=pattern, **EVERY)
    assert ("new_york" in corpus_from_texts([text], options=options).vocabulary) == joined


@pytest.mark.parametrize("phrase", ["vitamin c", "St. Louis", "R & D lab", "c programming", "can't stop"])
def test_a_given_phrase_may_have_short_words(phrase: str) -> None:
    options = TextOptions(phrases=(phrase,), stop_words=None, **EVERY)
    tokens = corpus_from_texts([f"some {phrase} here"], options=options).tokens
    assert [word for word in tokens[0] if "_" in word] == [
        "_".join(part for part in phrase.lower().replace("'", " ").replace(".", "").split() if part != "&")
    ]
    assert (tokens[0][0], tokens[0][-1]) == ("some", "here")


@given(st.text("ab c.\n-'éक्", max_size=40))
def test_words_are_those_without_phrases(text: str) -> None:
    texts, kept = [text, "some words"], {"stop_words": None, **EVERY}
    for pattern in (None, r"\w+"):
        bare, sought = (
            corpus_from_texts(texts, options=TextOptions(token_pattern=pattern, phrases=phrases, **kept))
            for phrases in (False, ("not there",))
        )
        assert bare.tokens == sought.tokens


def test_a_given_vocabulary_has_the_phrases() -> None:
    options = TextOptions(phrases=True)
    corpus = corpus_from_texts(["new york of the new"], options=options, vocabulary=["new_york", "new"])
    assert corpus.tokens == (("new_york", "new"),)
    assert corpus.reading["options"]["phrases"] == ["new york"]


def test_pairs_of_neighbours_are_of_phrases_too() -> None:
    options = TextOptions(phrases=("new york",), ngram_range=(1, 2), **EVERY)
    assert corpus_from_texts(["new york town"], options=options).tokens == (
        ("new_york", "new_york_town", "town"),
    )


@pytest.fixture(scope="module")
def pipeline() -> TopicPipeline:
    """Its min_df leaves out a phrase that is found."""
    words = TextOptions(phrases=PhraseOptions(min_count=3, threshold=0.1), min_df=30, max_df=1.0)
    return TopicPipeline(ProdLDA(groups=2, hidden=(4,), max_iter=1, random_state=0), words).fit(TEXTS)


def test_new_texts_have_the_phrases_of_the_model(pipeline: TopicPipeline, tmp_path: Path) -> None:
    model = pipeline.model_
    found = model.reading_["options"]["phrases"]
    unused = set(found) - {word.replace("_", " ") for word in model.vocabulary_}
    assert unused
    model.save(tmp_path / "model.hft")
    loaded = load(tmp_path / "model.hft")
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in TEXTS), encoding="utf-8")
    fitted_on = corpus_from_texts(TEXTS, options=pipeline.words)
    for read in (
        pipeline.read(TEXTS),
        TopicPipeline.from_model(loaded).read(TEXTS),
        read_corpus(tmp_path / "texts.txt", like=loaded),
    ):
        assert read.sha256() == fitted_on.sha256()
        assert read.tokens == fitted_on.tokens


@pytest.mark.parametrize(
    "options",
    [
        TextOptions(phrases=True, min_df=3),
        TextOptions(phrases=PhraseOptions(min_count=4, threshold=0.2, passes=2), ngram_range=(1, 2)),
        TextOptions(phrases=True, tokenizer=str.split, stop_words=tuple(sorted(stop_words_of("english")))),
        TextOptions(phrases=("new york", "state art")),
    ],
    ids=["found", "passes", "tokenizer", "given"],
)
def test_shards_are_those_of_reading(
    options: TextOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "DOCUMENTS", 50)
    frame = "".join(f"{text},{'ab'[place % 2]}\n" for place, text in enumerate(TEXTS))
    (tmp_path / "texts.csv").write_text(f"text,split\n{frame}", encoding="utf-8")
    for split in (None, "a"):
        built = build_corpus(tmp_path / "texts.csv", tmp_path / "shards", text=options, split=split)
        read = read_corpus(tmp_path / "texts.csv", text=options, split=split)
        assert built.sha256() == read.sha256()
        assert built.reading == read.reading
        assert any("_" in word for word in read.vocabulary)


def test_a_build_goes_on_with_its_phrases_and_tokenizer_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = tmp_path / "texts.txt", tmp_path / "shards"
    path.write_text("".join(f"{text}\n" for text in TEXTS), encoding="utf-8")
    sought = TextOptions(phrases=True, tokenizer=lambda text: text.split())
    kept = {"min_df": 2, "max_df": 1}
    with pytest.raises(CorpusError, match="goes on"):
        build_corpus(path, out, text=TextOptions(phrases=True, tokenizer=sought.tokenizer, **kept))
    assert (tmp_path / "shards.building" / "phrases.json").is_file()
    monkeypatch.setattr("hftopic.data.words.learnt_phrases", lambda *_: pytest.fail("found twice"))
    for other in (
        TextOptions(phrases=True, tokenizer=sought.tokenizer, min_df=5),
        TextOptions(phrases=True, tokenizer=lambda text: text.split("x"), min_df=2),
        TextOptions(phrases=PhraseOptions(passes=2), tokenizer=sought.tokenizer, min_df=2),
    ):
        with pytest.raises(ValueError, match="What differs: "):
            build_corpus(path, out, text=other)
    text = TextOptions(phrases=True, tokenizer=sought.tokenizer, min_df=2, max_df=1.0)
    assert "new_york" in build_corpus(path, out, text=text).vocabulary
    assert not (tmp_path / "shards.building").exists()


@pytest.mark.parametrize(
    ("given_phrases", "told"),
    [
        ("new york", "phrases is a str"),
        (("york",), "phrases has 'york', which is no string with a space"),
        ((7,), "phrases has 7"),
        (None, "phrases is None"),
        (7, "phrases is 7"),
    ],
)
def test_phrases_that_are_none(given_phrases: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        TextOptions(phrases=given_phrases)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"min_count": 0}, "min_count must be an int >= 1 or None"),
        ({"threshold": 2}, "from -1 to 1 with scoring='npmi'"),
        ({"threshold": "x"}, "threshold must be a number"),
        ({"threshold": 0, "scoring": "default"}, "above 0 with scoring='default'"),
        ({"scoring": "pmi"}, "scoring must be 'npmi' or 'default'"),
        ({"passes": 0}, "passes must be an int >= 1"),
    ],
)
def test_settings_of_phrases_that_cannot_be(setting: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        PhraseOptions(**setting)


def test_options_are_hashed_and_shown_with_phrases() -> None:
    options = TextOptions(phrases=PhraseOptions(passes=2), tokenizer=str.split)
    assert hash(options) == hash(TextOptions(phrases=PhraseOptions(passes=2), tokenizer=str.split))
    assert "PhraseOptions(" in repr(options)
