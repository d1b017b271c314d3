"""What the benchmarks take from the experiments: the scorer, corpora by name, and the layout of figures."""

import sys
from pathlib import Path

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
RESULTS = Path(__file__).parent / "results"
sys.path.insert(0, str(EXPERIMENTS))

import figures  # noqa: E402
import scorer  # noqa: E402
import sources  # noqa: E402

__all__ = ["EXPERIMENTS", "RESULTS", "figures", "scorer", "sources"]
