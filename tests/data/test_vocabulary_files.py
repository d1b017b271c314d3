"""Vocabulary files of other tools are read right; what could be read in two ways is refused with its line."""

from pathlib import Path

import numpy as np
import pytest

from hftopic.data.corpus import Corpus
from hftopic.data.formats import FormatError, read_corpus, write_corpus
from hftopic.data.formats.vocabulary import read_vocabulary
from hftopic.data.text import TextOptions


def words_in(path: Path, content: str) -> list[str]:
    path.write_text(content, encoding="utf-8")
    return read_vocabulary(path, "utf-8")


BALL = ["ball", "god", "team"]
READ = {
    "bare": ("ball\ngod\nteam\n", BALL),
    "byte order mark": ("\ufeffball\ngod\nteam\n", BALL),
    "Windows, blank end": ("ball\r\ngod\r\nteam\r\n\r\n", BALL),
    "Windows, twice": ("ball\r\r\ngod\r\r\nteam\r\r\n", BALL),
    "old Mac": ("ball\rgod\rteam\r", BALL),
    "spaces around": (" ball \ngod\t\nteam\n", BALL),
    "phrases": ("new york\nlos angeles\ntop 10\n", ["new york", "los angeles", "top 10"]),
    "phrases with numbers": ("covid 19\ncovid 20\n", ["covid 19", "covid 20"]),
    "phrases that end alike": ("1 day\n2 day\n", ["1 day", "2 day"]),
    "phrases that begin with a number": ("2 pac\nice cube\n", ["2 pac", "ice cube"]),
    "numbers": ("1990\n1991\n10\n", ["1990", "1991", "10"]),
    "decimal commas": ("1,5\nball\n2,5\n", ["1,5", "ball", "2,5"]),
    "tokens of BERT": ("[PAD]\n[UNK]\n##ing\n", ["[PAD]", "[UNK]", "##ing"]),
    "quotes among words": ('"\n"ball"\ngod\n', ['"', '"ball"', "god"]),
    "gensim, by word": ("12\n2\tball\t5\n0\tgod\t3\n1\tteam\t9\n", ["god", "team", "ball"]),
    "gensim, without its first line": ("0\tgod\t3\n2\tball\t5\n1\tteam\t9\n", ["god", "team", "ball"]),
    "gensim, words with commas": ("9\n1\ta,b\t5\n0\t'\t3\n", ["'", "a,b"]),
    "counts after tabs": ("ball\t5\ngod\t3\nteam\t9\n", BALL),
    "counts after tabs, heading": ("term\tcount\nball\t5\ngod\t3\nteam\t9\n", BALL),
    "counts after commas": ("ball,5\ngod,3\nteam,9\n", BALL),
    "counts and weights": ("word,count,idf\nball,5,1.5\ngod,3,0.25\nteam,9,1\n", BALL),
    "counts after semicolons": ('"ball";5\n"god";3\n"team";9\n', BALL),
    "phrases with counts": ("new york\t5\ntop 10\t3\n", ["new york", "top 10"]),
    "ids before commas": ("0,ball\n1,god\n2,team\n", BALL),
    "ids before commas, heading": ("id,word\n1,ball\n3,team\n2,god\n", BALL),
    "pandas, index": (",0\n0,ball\n1,god\n2,team\n", BALL),
    "pandas, index and counts": (",word,count\n0,ball,5\n1,god,3\n2,team,9\n", BALL),
    "ids before spaces": ("0 ball\n1 god\n2 team\n", BALL),
    "ids before spaces, phrases": ("1 new york\n2 top 10\n", ["new york", "top 10"]),
    "R, write.csv": ('"","x"\n"1","ball"\n"2","god"\n"3","team"\n', BALL),
    "R, write.table": ('"x"\n"1" "ball"\n"2" "god"\n"3" "team"\n', BALL),
    "R, write.table, commas": ('"x"\n"1","ball"\n"2","god"\n"3","team"\n', BALL),
    "R, without quotes": ("x\n1 ball\n2 god\n3 team\n", BALL),
    "R, without row names": ('"x"\n"ball"\n"god"\n"team"\n', BALL),
    "a count in another form": ("ball\t1e+05\ngod\t2\nteam\t3\n", BALL),
    "weights below 0": ("word,weight\nball,-1.5\ngod,2e-05\nteam,3\n", BALL),
    "columns behind the words": ("team\t2\nball\t0\ngod\t1\n", BALL),
    "columns behind the words, heading": ("word,index\nteam,2\nball,0\ngod,1\n", BALL),
    "columns from 1 behind the words, heading": ('"term","id"\n"team",3\n"ball",1\n"god",2\n', BALL),
    "columns and counts behind the words": ("team\t2\t7\nball\t0\t7\ngod\t1\t9\n", BALL),
    "counts behind columns": ("team\t7\t2\nball\t7\t0\ngod\t9\t1\n", BALL),
    "pandas, words as index": (",0\nteam,2\nball,0\ngod,1\n", BALL),
    "counts that are a permutation, heading": ("word,count\nball,3\ngod,2\nteam,1\n", BALL),
    "brackets": ("[\n\\\n]\n", ["[", "\\", "]"]),
    "quotes": ('"ball"\n"god"\n"te""am"\n', ["ball", "god", 'te"am']),
}


@pytest.mark.parametrize("kind", READ)
def test_layouts_are_read_right(tmp_path: Path, kind: str) -> None:
    content, wanted = READ[kind]
    assert words_in(tmp_path / "words", content) == wanted


REFUSED = {
    "counts after spaces": ("ball 5\ngod 3\nteam 9\n", 1, "every line ends with a number"),
    "counts after spaces, heading": ("word count\nball 5\ngod 3\n", 1, "every line ends with a number"),
    "counts before spaces": (
        "  12 ball\n  7 god\n",
        1,
        "the number 12 of 'ball' is not a column from 1 to 2",
    ),
    "counts before commas": ("0,ball\n7,god\n", 2, "the number 7 of 'god' is not a column from 0 to 1"),
    "ids with a gap": ("3\n0\tball\t5\n2\tgod\t3\n", 3, r"call compactify\(\)"),
    "ids that are repeated": ("0\tball\t5\n0\tgod\t3\n1\tteam\t1\n", 2, "or is repeated"),
    "tabs": ("ball\tnoun\ngod\tnoun\n", 1, "contains a tab"),
    "tabs, later": ("ball\ngod\tnoun\n", 2, "contains a tab"),
    "two columns of words": ("ball,noun\ngod,noun\n", 1, "several fields, separated by ','"),
    "a heading in quotes": ('"word"\n"ball"\n"god"\n', 1, "is 'word' a heading or a word"),
    "a first line without quotes": ('word\n"ball"\n"god"\n', 1, "another layout than the lines after it"),
    "phrases that begin with numbers, in no order": ("2 pac\n3 doors\n1 direction\n", 1, "parts of phrases"),
    "a first number that is missing": ("team,NA\nball,2\ngod,3\n", 1, "another layout"),
    "a first column below 0": ("-1\tteam\n0\tball\n1\tgod\n", 1, "another layout"),
    "columns or counts": ("team\t3\nball\t1\ngod\t2\n", 1, "unclear whether the numbers"),
    "columns with a gap": ("team\t3\nball\t0\ngod\t1\n", 1, "unclear whether the numbers"),
    "columns with a gap, heading": ("word\tid\nteam\t3\nball\t0\ngod\t1\n", 2, "number 3 of 'team' is not"),
    "JSON, indented": ('[\n  "ball",\n  "god"\n]\n', 1, "is JSON"),
    "JSON object, indented": ('{\n  "ball": 1,\n  "god": 0\n}\n', 1, "is JSON"),
    "JSON lines": ('{"word": "ball"}\n{"word": "god"}\n', 1, "is JSON"),
    "a list without its brackets": ('"ball",\n"god",\n"team"\n', 1, "is JSON"),
    "single quotes": ("'ball'\n'god'\n", 1, "is JSON"),
    "YAML": ("- ball\n- god\n", 1, "every line starts with '-' and a space"),
    "a list of Python": ("['ball', 'god']\n", 1, "is JSON"),
    "MALLET, counts of topics": ("0 ball 1:12 4:3\n1 god 0:2\n", 1, "every line ends with a number"),
    "columns and counts between spaces": ("0 ball 12\n1 god 3\n", 1, "every line ends with a number"),
    "weights": ("ball 0.5\ngod 1e-3\n", 1, "every line ends with a number"),
    "counts after colons": ("ball: 5\ngod: 3\n", 1, "every line ends with a number"),
    "columns before colons": ("0: ball\n1: god\n", 1, "every line starts with a number"),
    "a numbered list": ("1. ball\n2. god\n", 1, "every line starts with a number"),
    "word2vec": ("2 3\nball 0.1 -0.2 .3\ngod 0.5 0.1 0.2\n", 1, "every line ends with a number"),
    "GloVe": ("ball 0.1 -0.2 .3\ngod 0.5 0.1 0.2\n", 1, "every line ends with a number"),
    "JSON": ('["ball", "god"]\n', 1, "is JSON"),
    "blank": ("ball\n\ngod\n", 2, "blank line"),
    "repeated": ("ball\ngod\nball\n", 3, "also on line 1"),
    "repeated in a table": ('"x"\n"1","ball"\n"2","ball"\n', 3, "also on line 2"),
    "carriage returns": ("ball\rgod\nteam\n", 1, "line ends are mixed"),
    "NUL": ("ball\ngo\0d\n", 2, "the character NUL"),
    "no words": ("\n\n", None, "contains no words"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_unclear_is_refused_with_its_line(tmp_path: Path, kind: str) -> None:
    content, line, told = REFUSED[kind]
    with pytest.raises(FormatError, match=told) as caught:
        words_in(tmp_path / "words", content)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "words",
    [
        ["1 ball", "2 god"],
        ["ball,1", "god,2"],
        ["ball 1", "god 2"],
        ['"ball"', '"god"'],
        ["ball\t1", "god"],
        ["word\rs", "god"],
        ["a\0b", "god"],
    ],
)
@pytest.mark.parametrize("name", ["x.ldac", "x.npz", "folder"])
def test_words_that_would_be_read_differently_are_not_written(
    tmp_path: Path, words: list[str], name: str
) -> None:
    with pytest.raises(FormatError, match="cannot store"):
        write_corpus(Corpus([[1, 2]], words), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_gensim_writes_and_we_read(tmp_path: Path) -> None:
    corpora = pytest.importorskip("gensim.corpora")
    texts = [["team", "ball", "team"], ["god"], ["ball", "god", "god"]]
    dictionary = corpora.Dictionary(texts)
    bags = [dictionary.doc2bow(text) for text in texts]
    columns = [dictionary[place] for place in range(len(dictionary))]
    wanted = Corpus([[text.count(word) for word in columns] for text in texts], columns)
    for sort_by_word in (True, False):
        dictionary.save_as_text(tmp_path / "words", sort_by_word=sort_by_word)
        assert read_vocabulary(tmp_path / "words", "utf-8") == columns
    corpora.BleiCorpus.serialize(str(tmp_path / "a.lda-c"), bags, id2word=dictionary)
    corpora.UciCorpus.serialize(str(tmp_path / "docword.a.txt"), bags, id2word=dictionary)
    assert {"a.lda-c.vocab", "docword.a.txt.vocab"} <= {file.name for file in tmp_path.iterdir()}
    corpora.MmCorpus.serialize(str(tmp_path / "a.mtx"), bags)
    assert read_corpus(tmp_path / "a.lda-c").sha256() == wanted.sha256()
    assert read_corpus(tmp_path / "docword.a.txt").sha256() == wanted.sha256()
    assert read_corpus(tmp_path / "a.mtx", vocabulary=tmp_path / "words").sha256() == wanted.sha256()


def test_texts_over_a_vocabulary_of_which_nothing_occurs(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("the ball\nthe team\n")
    (tmp_path / "words").write_text("12 ball\nteam of\n")
    with pytest.raises(
        FormatError, match=r"x\.txt: the texts and the vocabulary have no word in common: a text"
    ) as caught:
        read_corpus(tmp_path / "x.txt", vocabulary=tmp_path / "words")
    assert "2 words, such as '12 ball', 'team of'" in str(caught.value)
    with pytest.raises(FormatError, match="no word in common"):
        read_corpus(tmp_path / "x.txt", vocabulary=["Ball"], text=TextOptions(lowercase=False))
    assert read_corpus(tmp_path / "x.txt", vocabulary=["god", "ball"]).n_tokens == 1
    (tmp_path / "x.txt").write_text("\n\n")
    with np.errstate(all="raise"):
        assert read_corpus(tmp_path / "x.txt", vocabulary=["ball"]).n_tokens == 0


def test_a_last_word_that_may_be_cut_off(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"words, line 3: the last line has no line end") as caught:
        assert words_in(tmp_path / "words", "ball\ngod\nte") == ["ball", "god", "te"]
    assert caught[0].filename == __file__
    assert words_in(tmp_path / "words", "ball") == ["ball"]


@pytest.mark.parametrize("heading", ["word", "Terms", "0", "# words of x"])
@pytest.mark.parametrize("name", ["x.ldac", "x.svmlight"])
def test_a_heading_that_would_move_every_word(tmp_path: Path, heading: str, name: str) -> None:
    (tmp_path / "x.vocab.txt").write_text(f"{heading}\nball\ngod\n")
    start = 2 if name == "x.ldac" else 0
    file = tmp_path / name
    file.write_text(f"{start} 0:1 1:2\n")
    with pytest.raises(
        FormatError, match=f"starts with '{heading}', and the last of its 3 words is not used"
    ):
        read_corpus(file)
    with pytest.raises(FormatError, match="would be taken for a heading"):
        write_corpus(Corpus([[1, 2, 0]], [heading, "ball", "god"]), tmp_path / f"new-{name}")
    file.write_text(f"{start} 0:1 2:2\n")  # all of the words are columns
    assert read_corpus(file).vocabulary.tolist() == [heading, "ball", "god"]
    write_corpus(read_corpus(file), tmp_path / f"new-{name}")
    assert read_corpus(tmp_path / f"new-{name}").vocabulary.tolist() == [heading, "ball", "god"]


def test_words_that_start_like_a_heading(tmp_path: Path) -> None:
    (tmp_path / "x.vocab.txt").write_text("0\n00\nball\n")
    (tmp_path / "x.ldac").write_text("2 0:1 1:2\n")
    assert read_corpus(tmp_path / "x.ldac").counts.toarray().tolist() == [[1, 2, 0]]
    (tmp_path / "y.vocab.txt").write_text("word\nball\ngod\n")  # the header tells that there are three
    (tmp_path / "y.mtx").write_text("%%MatrixMarket matrix coordinate integer general\n1 3 1\n1 1 2\n")
    assert read_corpus(tmp_path / "y.mtx").vocabulary.tolist() == ["word", "ball", "god"]
    (tmp_path / "y.mtx").write_text("%%MatrixMarket matrix coordinate integer general\n1 2 1\n1 1 2\n")
    with pytest.raises(FormatError, match="3 words"):
        read_corpus(tmp_path / "y.mtx")
