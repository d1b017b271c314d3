"""What the benchmarks share: where the corpora and the independent scorer are, and how values are printed."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

SHARED = Path(__file__).parents[2] / "shared"


def load_scorer(path: Path) -> ModuleType:
    """The independent scorer as a module."""
    specification = importlib.util.spec_from_file_location("scorer", path)
    if specification is None or specification.loader is None or not path.is_file():
        sys.exit(f"no scorer at {path}; give its place with --scorer")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def rounded(value: Any) -> Any:
    """Four digits after the point; what is not a number becomes null, and all is fit for JSON."""
    if isinstance(value, np.integer):
        return int(value)
    if not isinstance(value, float | np.floating):
        return value
    return None if np.isnan(value) else round(float(value), 4)
