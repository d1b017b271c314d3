"""The summary and the names of topics in the description of a saved model, checked as they are read."""

from typing import Any

import numpy as np
import pandas as pd

from hftopic._numbers import is_whole
from hftopic.models.naming import check_unique, checked_names
from hftopic.models.summary import TopicSummary

NUMBERS = {"share": 1.0, "information": np.inf, "peak": np.inf, "kl": np.inf, "similarity": 1.0}
FLAGS = ("active", "duplicate")
ROUNDING = 1e-3


def restore_topics(model: TopicSummary, description: dict[str, Any]) -> None:
    """Set the summary and the names of the topics of a model that is otherwise restored.

    Raises
    ------
    ValueError
        They do not fit the model.
    """
    model._summaries = [_summary(model, **description["summary"])]
    automatic, ids = description["automatic_names"], model.topic_ids_.tolist()
    given = checked_names({int(topic): name for topic, name in description["names"].items()}, ids)
    for names in (checked_names(automatic, ids), given):
        check_unique(names)
    model._automatic, model._given_names = [automatic], given


def _summary(model: TopicSummary, columns: dict[str, Any], attributes: dict[str, Any]) -> pd.DataFrame:
    table, topics = pd.DataFrame(columns), model.topic_ids_
    wanted = {"topic", "group", "documents", "nearest", *FLAGS, *NUMBERS}
    if model.signed_topics_:
        wanted.remove("share")
    if set(table) != wanted or table["topic"].tolist() != topics.tolist():
        raise ValueError("the summary does not have the topics and columns of this model")
    if table["group"].tolist() != model.topic_groups_.tolist():
        raise ValueError("the summary has other groups than the model")
    for name in wanted & set(NUMBERS):
        table[name] = table[name].astype(np.float64)
        if not table[name].between(-ROUNDING, NUMBERS[name] + ROUNDING).all():
            raise ValueError(f"the column {name} of the summary is out of range")
    for name in FLAGS:
        if not all(isinstance(value, bool) for value in columns[name]):
            raise ValueError(f"the column {name} of the summary is not of True and False")
    if not all(is_whole(number, 0) for number in columns["documents"]):
        raise ValueError("the summary has numbers of documents that are none")
    table["nearest"] = table["nearest"].astype("Int64")
    if not table["nearest"].dropna().isin(topics).all():
        raise ValueError("the summary names a topic that does not exist")
    remainder = attributes.get("remainder", 0.0)
    if not isinstance(remainder, float) or not 0 <= remainder <= 1:
        raise ValueError(f"the remainder of the summary is {remainder!r}, not a share")
    if not is_whole(attributes.get("n_documents"), 0) or attributes.keys() - {"n_documents", "remainder"}:
        raise ValueError("the attributes of the summary are not those of one")
    table.attrs.update(attributes)
    return table
