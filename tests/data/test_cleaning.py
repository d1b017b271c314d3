"""Cleaning blanks what is no prose, leaves prose alone, and does nothing more the second time."""

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftopic.data.cleaning import EMAIL, STEPS, as_steps, cleaned

PROSE = [
    "To be, or not to be: that is the question.\n    Whether 'tis nobler in the mind to suffer\n",
    "If a < b and c > d, then a <b and c> d is no tag; Smith & Jones, AT&T; R&D.\n",
    "He said: -- wait -- and left.\n\n---\n\nShe wrote:\n\nDear John,\n",
    "| name | number |\n| ---- | ------ |\n| one  | 1      |\n",
    "To: my love\n\nFrom here to there is far.\nNote: bring water.\nDate: none\n",
    "MARY HAD A LITTLE LAMB, ITS FLEECE WAS WHITE\n" * 4,
    "我们明天要去北京参观故宫博物院" * 5 + "\n",
    "Donaudampfschifffahrtsgesellschaftskapitän\nRindfleischetikettierung\n" * 3,
    "vector<int> is a template; List<T> too.\n0 > -1\n",
    "one\n--\ntwo\n--\nthree",
    "-- \nall that there is",
    "\r\nWindows\r\n\r\nlines\r\n",
]
MESSAGE = """\
From: Ann <ann@example.org>
Subject: Re: rain
 in spring
Message-ID: <1@example.org>

In article <2@example.org>
bob@example.org (Bob) writes:
> It is dry.
>> Is it?
rick> No.

It rained &quot;caf&eacute;&quot; all <b>day</b>, see https://example.org/rain (or www.example.org).
--\x20
Ann, who never sleeps
"""


@pytest.mark.parametrize("text", PROSE)
def test_prose_stays_as_it_is(text: str) -> None:
    assert cleaned(text, [EMAIL]) == text


def test_a_message_is_its_subject_and_what_its_author_wrote() -> None:
    words = cleaned(MESSAGE, [EMAIL]).split()
    assert words == ["rain", "in", "spring", "It", "rained", '"café"', "all", "day", ",", "see", "(or"]


PLANTED = {
    "headers": ("a\nFrom: x\nDate: 1 May\nX-Own: z\n folded\n\nb", ["a", "b"]),
    "quotes": ("Ann wrote:\n\n> no\n: no\n| no\nyes", ["yes"]),
    "signatures": ("yes\n--\nno\n", ["yes"]),
    "encoded": (
        "yes\n-----BEGIN PGP KEY-----\nVersion: 1\n\nmQBN\n-----END PGP KEY-----\nyes",
        ["yes", "yes"],
    ),
    "urls": ("yes ftp://no.org/no mailto:no@no.org <no.no+1@no.co.uk> yes", ["yes", "<", ">", "yes"]),
    "html": ("<p class='no'>yes<!-- no > --><style>no</style><br/>&amp;&#8217;s</p>", ["yes", "\u2019s"]),
}


@pytest.mark.parametrize("step", STEPS)
def test_each_step_removes_its_own(step: str) -> None:
    text, kept = PLANTED[step]
    assert cleaned(text, [step]).split() == kept


@given(st.binary(min_size=200, max_size=2000), st.sampled_from(["", "> ", ": "]))
def test_encoded_files_are_removed(content: bytes, mark: str) -> None:
    """A text with a file in uuencode or base64 is the text around it; other lines keep their places."""
    rows = [content[start : start + 45] for start in range(0, len(content), 45)]
    uu = ["begin 644 x.gif", *(binascii.b2a_uu(row, backtick=True).decode().rstrip("\n") for row in rows)]
    files = [*uu, "`", "end"], base64.encodebytes(content).decode().splitlines()
    for lines in files:
        text = "\n".join(["before", *(mark + line for line in lines), "", "after"])
        # The last, short line of base64 may look like a word.
        assert cleaned(text, ["encoded"]).split()[:: max(1, len(cleaned(text, ["encoded"]).split()) - 1)] == [
            "before",
            "after",
        ]
        assert cleaned(text, ["encoded"]).count("\n") == text.count("\n")


def test_a_picture_in_a_line_is_removed() -> None:
    picture = base64.b64encode(bytes(range(256))).decode()
    assert cleaned(f"see data:image/png;base64,{picture} there", ["encoded"]).split()[::2] == ["see", "there"]


PIECES = st.sampled_from(
    [
        *("From: a", "Subject: ", "Re: ", "Date: 1", "X-Own: z", " folded", "To: b"),
        *("> ", "rick> ", ": ", "| ", "Ann wrote:", "In article <1> b writes:", "-- ", "--"),
        *("<b", "<b>", " href='x'", ">", "<!--", "-->", "<style>", "</style>", "&gt;", "&lt;", "&amp;", "&"),
        *("gt;", "&eacute;", "http://", "www.", "a@b.org", "b.org", "@", "word", "words "),
        *(
            "begin 644 x",
            "M" + "1A(B" * 15,
            "end",
            "A1b2" * 18,
            "x" * 99,
            "-----BEGIN PGP-----",
            "-----END PGP-----",
        ),
        *("\n", "\n", "\n\n", " ", "\r\n"),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join), st.sets(st.sampled_from(list(STEPS)), min_size=1))
def test_cleaning_twice_is_cleaning_once(text: str, steps: set[str]) -> None:
    once = cleaned(text, steps)
    assert cleaned(once, steps) == once


@pytest.mark.parametrize(
    "piece",
    [
        "<!--",
        "<b a='",
        "a@",
        "a.",
        "&amp;",
        "> ",
        "-----BEGIN X-----\n",
        "<a b=c ",
        "M",
        "From: \n",
        "\n>",
        "www.",
    ],
)
def test_long_texts_of_unfinished_forms(piece: str) -> None:
    """Half a million characters that never become what they begin."""
    text = piece * (500_000 // len(piece))
    assert len(cleaned(text, STEPS)) <= len(text)


def test_names_of_steps() -> None:
    assert as_steps("email") == as_steps(["urls", "email"]) == tuple(STEPS)
    assert as_steps(["quotes", "urls", "quotes"]) == ("urls", "quotes")
    assert as_steps(()) == ()
    for wrong in ("mail", ["urls", 3], None, 1):
        with pytest.raises(ValueError, match="clean must be some of 'urls'"):
            as_steps(wrong)
