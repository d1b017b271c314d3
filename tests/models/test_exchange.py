"""A model changes in one step: for other threads, on errors, and in callbacks."""

import copy
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hftopic import NVDM, NVLDA, Corpus, ProdLDA, TrainingDivergedError, load, make_correlated_topics
from hftopic.models.base import BaseTopicModel
from hftopic.training import Trainer

SMALL: dict[str, Any] = {"max_iter": 4, "hidden": (16,), "batch_size": 64, "random_state": 0}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return make_correlated_topics(150, groups=(2, 2), n_words=40, random_state=0).corpus


@pytest.fixture(params=[ProdLDA, NVDM, NVLDA])
def model(request: pytest.FixtureRequest) -> BaseTopicModel:
    made: BaseTopicModel = request.param((2, 2), **SMALL)
    return made


ANSWERS: dict[str, Callable[[Any, Any], Any]] = {
    "transform": lambda m, X: m.transform(X),
    "perplexity": lambda m, X: m.perplexity(X),
    "score_samples": lambda m, X: m.score_samples(X),
    "posterior": lambda m, X: m.posterior(X).mean,
    "encode": lambda m, X: m.encode(X).proportions,
    "top_words": lambda m, _: m.top_words(5).to_numpy(),
    "word_scores": lambda m, _: m.word_scores(by="exclusivity"),
    "word_probabilities": lambda m, X: m.word_probabilities(X),
    "pickle": lambda m, X: pickle.loads(pickle.dumps(m)).perplexity(X),
}


def read_while(
    change: Callable[[], Any], model: Any, X: Any, answers: dict[str, Callable[[Any, Any], Any]]
) -> dict[str, list[Any]]:
    """Answers of a model while another thread changes it."""
    found: dict[str, list[Any]] = {name: [] for name in answers}
    done = threading.Event()

    def changing() -> None:
        try:
            change()
        finally:
            done.set()

    thread = threading.Thread(target=changing)
    thread.start()
    while not done.is_set():
        for name, answer in answers.items():
            found[name].append(answer(model, X))
    thread.join()
    return found


def assert_one_of(found: dict[str, list[Any]], allowed: list[dict[str, Any]]) -> None:
    for name, listed in found.items():
        assert listed
        for one in listed:
            assert any(
                np.shape(one) == np.shape(of_model[name]) and np.array_equal(one, of_model[name])
                for of_model in allowed
            ), f"{name} is that of no model"


@pytest.mark.parametrize("cls", [ProdLDA, NVDM, NVLDA])
def test_a_reader_meets_the_old_model_or_the_new_one(cls: type, corpus: Corpus) -> None:
    """Fits with other numbers of topics, one after the other, while this thread reads."""
    settings = [{"groups": (2, 2)}, {"groups": (3, 4)}, {"groups": 3}]
    fitted = [cls(**SMALL | setting).fit(corpus) for setting in settings]
    allowed = [{name: answer(m, corpus) for name, answer in ANSWERS.items()} for m in fitted]
    model = cls(**SMALL | settings[0]).fit(corpus)

    def refit() -> None:
        for setting in settings[1:] * 3:
            model.set_params(**setting).fit(corpus)

    assert_one_of(read_while(refit, model, corpus, ANSWERS), allowed)


def test_a_reader_meets_the_old_vocabulary_or_the_new_one(corpus: Corpus) -> None:
    """The words of the topics are those of one corpus, and so is their number."""
    other = make_correlated_topics(150, groups=(2, 2), n_words=55, random_state=1).corpus
    other = Corpus(other.counts, [f"other{i}" for i in range(55)])
    names = ("top_words", "word_scores")
    answers = {name: ANSWERS[name] for name in names}
    allowed = [
        {name: answer(ProdLDA((2, 2), **SMALL).fit(one), None) for name, answer in answers.items()}
        for one in (corpus, other)
    ]
    model = ProdLDA((2, 2), **SMALL).fit(corpus)

    def refit() -> None:
        for _ in range(3):
            model.fit(other).fit(corpus)

    assert_one_of(read_while(refit, model, None, answers), allowed)


def test_a_reader_meets_the_model_before_or_after_a_partial_fit(
    model: BaseTopicModel, corpus: Corpus
) -> None:
    steps = 6
    model.fit(corpus)
    same = copy.deepcopy(model)
    allowed = [{name: answer(same, corpus) for name, answer in ANSWERS.items()}]
    for _ in range(steps):
        same.partial_fit(corpus)
        allowed.append({name: answer(same, corpus) for name, answer in ANSWERS.items()})
    model = copy.deepcopy(model)  # without the optimiser of fit, as `same`

    def train() -> None:
        for _ in range(steps):
            model.partial_fit(corpus)

    assert_one_of(read_while(train, model, corpus, ANSWERS), allowed)


def test_two_threads_that_fit_leave_one_of_the_two_models(corpus: Corpus) -> None:
    model, other = ProdLDA((2, 2), **SMALL), corpus[50:]
    allowed = [{"perplexity": copy.deepcopy(model).fit(one).perplexity(corpus)} for one in (corpus, other)]
    threads = [threading.Thread(target=model.fit, args=(one,)) for one in (corpus, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_one_of({"perplexity": [model.perplexity(corpus)]}, allowed)


def test_a_fit_that_fails_changes_nothing_for_anyone(model: BaseTopicModel, corpus: Corpus) -> None:
    model.fit(corpus)
    before = {name: answer(model, corpus) for name, answer in ANSWERS.items()}

    def interrupt(record: dict[str, float]) -> None:
        if record["epoch"] == 2:
            raise KeyboardInterrupt

    def fail() -> None:
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                model.set_params(groups=(3, 3)).fit(corpus, callbacks=[interrupt])

    assert_one_of(read_while(fail, model, corpus, ANSWERS), [before])
    assert_one_of({name: [answer(model, corpus)] for name, answer in ANSWERS.items()}, [before])


def test_what_a_callback_sets_on_the_model_stays(model: BaseTopicModel, corpus: Corpus) -> None:
    def note(record: dict[str, float]) -> None:
        model.noted = record["epoch"]  # type: ignore[attr-defined]

    assert vars(model.fit(corpus, callbacks=[note]))["noted"] == 4


def test_a_diverged_fit_leaves_the_last_good_epoch(corpus: Corpus) -> None:
    model = ProdLDA((2, 2), **SMALL | {"max_iter": 30, "learning_rate": 1e6})
    with pytest.raises(TrainingDivergedError):
        model.fit(corpus)
    assert np.isfinite(model.transform(corpus)).all()


@pytest.mark.parametrize("settings", [{}, {"validation_fraction": 0.2}, {"n_init": 2}])
def test_a_callback_can_save_the_model_and_changes_nothing(
    model: BaseTopicModel, corpus: Corpus, settings: dict[str, Any], tmp_path: Path
) -> None:
    plain = copy.copy(model).set_params(**settings).fit(corpus)
    taken: list[BaseTopicModel] = []

    def keep(record: dict[str, float]) -> None:
        path = tmp_path / f"{len(taken)}"
        model.save(path)
        taken.append(pickle.loads(pickle.dumps(model)))
        saved = load(path)
        assert saved.n_iter_ == record["epoch"] == len(saved.history_)
        np.testing.assert_array_equal(saved.transform(corpus), taken[-1].transform(corpus))
        assert saved.perplexity(corpus) == taken[-1].perplexity(corpus)
        assert saved.losses_.tolist() == [record.get("validation_loss", record["loss"])]
        saved.partial_fit(corpus)

    model.set_params(**settings).fit(corpus, callbacks=[keep])
    assert len(taken) == 4 * settings.get("n_init", 1)
    for one, other in zip(
        model._network.state_dict().items(), plain._network.state_dict().items(), strict=True
    ):
        assert one[0] == other[0]
        assert torch.equal(one[1], other[1])
    assert model.losses_.tolist() == plain.losses_.tolist()
    if not settings:  # the last epoch is the model, up to the assignment of topics, which is long past
        np.testing.assert_array_equal(taken[-1].transform(corpus), model.transform(corpus))


def test_a_callback_sees_the_model_as_it_was_before_the_fit(model: BaseTopicModel, corpus: Corpus) -> None:
    """Attributes and answers are of one model, the old one; ``copy.copy`` takes the current one out."""
    model.fit(corpus)
    before = model.perplexity(corpus)
    seen = []

    def look(_: dict[str, float]) -> None:
        seen.append((model.perplexity(corpus), len(model.topic_groups_), copy.copy(model).n_iter_))

    model.set_params(groups=(3, 3)).fit(corpus, callbacks=[look])
    assert seen == [(before, 4, epoch) for epoch in (1, 2, 3, 4)]
    assert len(model.topic_groups_) == 6


def test_another_model_in_a_callback_is_itself(corpus: Corpus, tmp_path: Path) -> None:
    other = ProdLDA(3, **SMALL).fit(corpus)
    model = ProdLDA((2, 2), **SMALL)
    model.fit(corpus, callbacks=[lambda _: other.save(tmp_path / "other")])
    assert load(tmp_path / "other").perplexity(corpus) == other.perplexity(corpus)


def test_documents_encoded_before_a_refit_are_refused_after_it(corpus: Corpus) -> None:
    model = ProdLDA((2, 2), **SMALL).fit(corpus)
    encoded = model.encode(corpus)
    model.partial_fit(corpus)
    with pytest.raises(ValueError, match="before this ProdLDA was fitted again"):
        model.transform(encoded)


def test_partial_fit_in_two_threads_is_refused(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ProdLDA((2, 2), **SMALL).partial_fit(corpus)
    inside, go_on = threading.Event(), threading.Event()

    def waits(*arguments: Any, real: Any = Trainer.run_epoch) -> Any:
        inside.set()
        assert go_on.wait(60)
        return real(*arguments)

    monkeypatch.setattr(Trainer, "run_epoch", waits)
    first = threading.Thread(target=model.partial_fit, args=(corpus,))
    first.start()
    assert inside.wait(60)
    with pytest.raises(RuntimeError, match="another thread is in partial_fit"):
        model.partial_fit(corpus)
    go_on.set()
    first.join()
    assert model.n_iter_ == 2
    assert model.partial_fit(corpus).n_iter_ == 3
