"""Fits with a checkpoint that are killed at random moments: how many end with the bytes of one that was not.

A fit runs in a process of its own, which gets SIGKILL at a random moment of its life. Then the same call is
made again, until one comes to its end. Every model is compared with that of a call without a checkpoint, file
by file. The first lines say what checkpoints cost.

``python benchmarks/kills.py --quick`` takes half a minute.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from hftopic import NVDM, Concrete, Corpus, ProdLDA, make_correlated_topics
from hftopic.objective import FactorVAE

MOST_SECONDS = 480.0  # then the rest of the kills is left out, and told
MODELS = {
    "learned groups": lambda epochs: ProdLDA((5, 5), max_iter=epochs, random_state=0),
    "discriminator": lambda epochs: ProdLDA(
        (5, 5), objective=FactorVAE(hidden=(50, 50)), max_iter=epochs, random_state=0
    ),
    "mixture, held-out documents": lambda epochs: ProdLDA(
        (5, 5), marginals="hfvae", validation_fraction=0.1, max_iter=epochs, random_state=0
    ),
    "classes": lambda epochs: NVDM((5, Concrete(5)), max_iter=epochs, random_state=0),
}


def fit(make: Any, epochs: int, corpus: Corpus, room: Path, minutes: float | None) -> None:
    """Fit and save a model, in this process."""
    arguments = {} if minutes is None else {"checkpoint": room / "run", "checkpoint_minutes": minutes}
    make(epochs).fit(corpus, **arguments).save(room / "model")


def started(*arguments: Any) -> int:
    """Id of a process that fits."""
    pid = os.fork()
    if pid:
        return pid
    try:
        fit(*arguments)
        os._exit(0)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(1)


def ended_well(pid: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def content(room: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (room / "model").iterdir()}


def killed(make: Any, epochs: int, corpus: Corpus, room: Path, seconds: float, rng: Any) -> tuple[int, bool]:
    """Number of kills of one fit, of which every second call is left alive, and whether it ended well."""
    kills = 0
    while True:
        pid = started(make, epochs, corpus, room, float(rng.choice([0.0, 0.001, 10.0])))
        if rng.random() < 0.5 and kills:
            return kills, ended_well(pid)
        time.sleep(float(rng.uniform(0, seconds)))
        os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
        if not os.WIFSIGNALED(status):  # it had come to its end
            return kills, os.waitstatus_to_exitcode(status) == 0
        kills += 1


def main() -> None:
    parser = argparse.ArgumentParser(description="Fits with a checkpoint that are killed at random moments.")
    parser.add_argument("--times", type=int, default=50, help="number of kills")
    parser.add_argument("--quick", action="store_true", help="6 kills of a short fit")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    times, epochs, n_documents = (6, 4, 200) if given.quick else (given.times, 12, 1000)
    corpus = make_correlated_topics(n_documents, groups=(5, 5), n_words=500, random_state=0).corpus
    rng, start = np.random.default_rng(given.seed), time.monotonic()
    expected, seconds = {}, {}
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        for name, make in MODELS.items():
            room = Path(folder, name)
            room.mkdir()
            lengths = []
            for kind, minutes in (("without", None), ("with", 10.0), ("every step", 0.0)):
                place = room / kind
                place.mkdir()
                began = time.monotonic()
                if not ended_well(started(make, epochs, corpus, place, minutes)):
                    sys.exit(f"{name}: the fit fails without a kill")
                lengths.append(round(time.monotonic() - began, 3))
            expected[name], seconds[name] = content(room / "without"), lengths[1]
            same = content(room / "with") == content(room / "every step") == expected[name]
            cost = dict(zip(("seconds", "with_checkpoint", "after_every_step"), lengths, strict=True))
            print(json.dumps({"model": name, **cost, "same_bytes": same}), flush=True)
        kills = fits = good = 0
        while kills < times and time.monotonic() - start < MOST_SECONDS:
            name = list(MODELS)[fits % len(MODELS)]
            room = Path(folder, f"fit-{fits}")
            room.mkdir()
            n, well = killed(MODELS[name], epochs, corpus, room, 1.1 * seconds[name], rng)
            fits, kills = fits + 1, kills + n
            good += well and content(room) == expected[name]
    took = round(time.monotonic() - start, 1)
    print(json.dumps({"kills": kills, "fits": fits, "same_bytes": good, "seconds": took}), flush=True)
    sys.exit(0 if good == fits and kills >= times else 1)


if __name__ == "__main__":
    main()
