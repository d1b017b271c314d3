"""Tests of the edits of topics: what composes, and what is refused."""

import pytest

from hftopic.editing.edits import Edits, named_by_id


def test_edits_compose_as_if_they_were_made_at_once():
    twice = Edits.none(8).then([(1, 4)], [2]).then([(6, 1)], ["3"])
    assert twice.members == ((0,), (5,), (6, 1, 4), (7,))
    assert twice == Edits.none(8).then([(6, 1, 4)], [2, 3])
    assert twice.ids.tolist() == [0, 5, 6, 7]
    assert twice.merged == ((6, 1, 4),)
    assert twice.dropped(8) == [2, 3]


def test_nothing_is_no_edit():
    assert Edits.none(3).then([], []) == Edits.none(3)


def test_ids_may_be_texts():
    assert Edits.none(4).then([("1", "3")], ["0"]) == Edits.none(4).then([(1, 3)], [0])


WRONG = [
    ([(1, 2), (2, 3)], [], "topic 2 is in two merges, \\(1, 2\\) and \\(2, 3\\): join them to one"),
    ([(1, 2, 1)], [], "topic 1 is twice in the merge \\(1, 2, 1\\)"),
    ([(1,)], [], "a merge needs two topics or more; got \\[1\\]"),
    ([(1, 2)], [2], "topic 2 is dropped and merged with 1"),
    ([], [3, 3], "topic 3 is dropped twice"),
    ([], [9], "no topic 9: topics are numbered 0 to 4"),
    ([(0, -1)], [], "the id of a topic is an int"),
    ([], [True], "the id of a topic is an int"),
    ([], ["faith"], "no topic 'faith': topics are given by their ids"),
    ([], range(5), "all 5 topics would be dropped"),
    ("12", [], "merge is a str; pass a list, such as merge=\\[\\(3, 7\\)\\]"),
    ([], 3, "drop is 3 of type int; pass a list, such as drop=\\[12\\]"),
    ([3, 7], [], "merge is a list of merges, each a list of topics; pass merge=\\[\\(3, 7\\)\\]"),
    (("0", 3), [], "pass merge=\\[\\(0, 3\\)\\]"),
    ([(1, 2), 3], [], "merge is 3 of type int; pass a list, such as merge=\\[\\(3, 7\\)\\]"),
    ([{1, 2}], [], "merge is a set, which has no order"),
]


@pytest.mark.parametrize(("merge", "drop", "message"), WRONG)
def test_mistakes_are_named(merge, drop, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Edits.none(5).then(merge, drop)


def test_topics_to_drop_may_be_a_set():
    assert Edits.none(5).then([], {3, "1"}) == Edits.none(5).then([], [1, 3])


def test_topics_that_are_gone_are_told_with_where_they_went():
    edits = Edits.none(5).then([(1, 3)], [0])
    with pytest.raises(ValueError, match="no topic 3: it was merged into 1"):
        edits.then([], [3])
    with pytest.raises(ValueError, match="no topic 0: the topics that are left are 1, 2, 4"):
        edits.then([(0, 2)], [])


@pytest.mark.parametrize("members", [(), ((0,), (0, 1)), ((1,), (0,)), ((0, 9),), ((0,), ()), ((0.5,),)])
def test_a_file_cannot_hold_edits_that_are_none(members):
    with pytest.raises(ValueError, match="edits"):
        Edits(members).check(3)


def test_names_by_id():
    assert named_by_id({"3": "faith", 4: "sport"}) == {3: "faith", 4: "sport"}
    with pytest.raises(ValueError, match="topic 3 is named twice"):
        named_by_id({"3": "faith", 3: "sport"})
    with pytest.raises(TypeError, match="names must be a dict"):
        named_by_id(["faith"])
