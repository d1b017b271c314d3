"""Where the time of a report goes on a large corpus.

    python benchmarks/report_scale.py
    python benchmarks/report_scale.py --documents 20000 --words 10000 --topics all

Documents are generated: half of the 60 tokens of each follow Zipf's law, the others come from two of 50
planted topics; the first planted topic is the label. The model is trained on 5,000 of them only, because a
report takes as long on a poor model as on a good one. Prints one JSON line with the seconds of the report,
the processor seconds, the peak memory, and the seconds in each function of the package above one.
"""

import argparse
import cProfile
import json
import pstats
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from documents import planted_blocks

from hftopic import NVDM, Corpus, ProdLDA
from hftopic.report import write_report

TOKENS = 60
TRAINED_ON = 5000
MODELS = {"prodlda": ProdLDA, "nvdm": NVDM}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--words", type=int, default=50_000)
    parser.add_argument("--topics", choices=["active", "all"], default="active", help="topics shown")
    parser.add_argument("--model", choices=MODELS, default="prodlda")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-profile", action="store_true", help="without the functions, which costs little")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    corpus = planted(given.documents, given.words)
    model = MODELS[given.model]((25, 25), max_iter=given.epochs, random_state=0)
    model.fit(corpus[:TRAINED_ON])
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        start, processor = time.perf_counter(), time.process_time()
        if not given.no_profile:
            profile.enable()
        write_report(model, corpus, Path(folder) / "report.html", topics=given.topics)
        profile.disable()
        seconds = {
            "report_seconds": round(time.perf_counter() - start, 1),
            "processor_seconds": round(time.process_time() - processor, 1),
        }
    start = time.perf_counter()
    some = corpus[:TRAINED_ON]
    model.perplexity(some)
    each = 1000 * (time.perf_counter() - start) / len(some)
    print(
        json.dumps(
            {
                **vars(given),
                **seconds,
                "perplexity_ms_a_document": round(each, 3),
                "peak_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "functions": {} if given.no_profile else longest(profile),
            }
        ),
        flush=True,
    )


def planted(n_documents: int, n_words: int) -> Corpus:
    """Documents of two planted topics each, over words of Zipf's law, with the first topic as the label."""
    blocks, topics = zip(*planted_blocks(n_documents, n_words, TOKENS), strict=True)
    labels = [f"label {topic}" for topic in np.concatenate(topics)]
    return Corpus(sp.vstack(blocks, format="csr"), [f"w{i}" for i in range(n_words)], labels=labels)


def longest(profile: cProfile.Profile) -> dict[str, Any]:
    """Seconds in functions of the package and what they call, of those with more than one second."""
    found: dict[str, Any] = {}
    for (file, _, name), (_, _, _, total, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if "hftopic" in file and total > 1:
            found[f"{Path(file).parent.name}/{Path(file).stem}.{name}"] = round(total, 1)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


if __name__ == "__main__":
    main()
