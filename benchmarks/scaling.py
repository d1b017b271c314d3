"""Growth of training time and memory with documents, words, topics, batch size and groups.

    python benchmarks/scaling.py > benchmarks/results/scaling.jsonl
    python benchmarks/scaling.py --axis words

Documents are generated, 80 tokens each. Each point is a process of its own. It trains the grouped objective
with the defaults, except for the settings named, and times the second of two epochs. ``peak_MB`` is the peak
memory of the process with its documents (``data_MB``) and libraries. Prints one JSON line for each point,
then one for each axis with the exponent: the slope of log time on log size by least squares.
"""

import argparse
import json
import multiprocessing
import resource
import time
from typing import Any

import numpy as np
import torch
from documents import zipf_counts

from hftopic import ProdLDA, paper_text_settings
from hftopic.training import Record

BASE = {"documents": 8192, "words": 2000, "topics": 50, "batch_size": 256, "groups": 2}
AXES = {
    "documents": [1000, 10_000, 100_000, 1_000_000],
    "words": [2000, 6000, 20_000, 60_000, 200_000],
    "topics": [10, 20, 50, 100, 200, 500],
    "batch_size": [64, 128, 256, 512, 1024, 2048],
    "groups": [1, 2, 5, 10, 25],
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--axis", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--most", type=float, default=1e9, help="skip larger values of an axis")
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    for axis in arguments.axis:
        sizes, points = [v for v in AXES[axis] if v <= arguments.most], []
        for value in sizes:
            setting = BASE | {axis: value}
            with context.Pool(1) as pool:
                points.append(pool.apply(measure, (setting, arguments.threads)))
            print(json.dumps({"axis": axis, **setting, **points[-1]}), flush=True)
        times = [point["epoch_seconds"] for point in points]
        if len(sizes) > 1:
            slope = np.polyfit(np.log(sizes), np.log(times), 1)[0]
            print(json.dumps({"axis": axis, "time_exponent": round(float(slope), 3)}), flush=True)


def measure(setting: dict[str, int], threads: int) -> dict[str, Any]:
    """Seconds of an epoch and peak memory of this process."""
    torch.set_num_threads(threads)
    counts = zipf_counts(setting["documents"], setting["words"])
    data = counts.data.nbytes + counts.indices.nbytes + counts.indptr.nbytes
    groups = (setting["topics"] // setting["groups"],) * setting["groups"]
    ends: list[float] = []

    def note_time(record: Record) -> None:  # noqa: ARG001
        ends.append(time.perf_counter())

    settings = paper_text_settings() | {"max_iter": 2}
    model = ProdLDA(groups, batch_size=setting["batch_size"], random_state=0, **settings)
    model.fit(counts, callbacks=[note_time])
    return {
        "epoch_seconds": round(ends[1] - ends[0], 3),
        "peak_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "data_MB": round(data / 2**20, 1),
    }


if __name__ == "__main__":
    main()
