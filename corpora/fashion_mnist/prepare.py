"""Write Fashion-MNIST, from Debian's package, as arrays, in the folder data next to this script.

python corpora/fashion_mnist/prepare.py                # fetches 31 MB from a Debian mirror
python corpora/fashion_mnist/prepare.py --file dataset-fashion-mnist_….deb
"""

import argparse
import gzip
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.append(str(Path(__file__).parents[1]))
from images import fetch, files_of, member_of_ar, write

URL = (
    "http://deb.debian.org/debian/pool/main/d/dataset-fashion-mnist/"
    "dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb"
)
SHA256 = "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0"
TYPES = {8: np.uint8}  # of the format IDX


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path, help="a copy of the package")
    package = fetch(URL, SHA256, parser.parse_args().file)
    held = files_of(member_of_ar(package, "data.tar"), "-ubyte.gz")
    write(
        Path(__file__).with_name("data"),
        images=array_of(held["train-images-idx3-ubyte.gz"]),
        labels=array_of(held["train-labels-idx1-ubyte.gz"]),
        test_images=array_of(held["t10k-images-idx3-ubyte.gz"]),
        test_labels=array_of(held["t10k-labels-idx1-ubyte.gz"]),
    )


def array_of(compressed: bytes) -> NDArray[np.uint8]:
    """Array of an IDX file: two zeros, its type and number of axes, the lengths of these, the numbers."""
    file = gzip.decompress(compressed)
    dtype, n_axes = TYPES[file[2]], file[3]
    shape = np.frombuffer(file, ">u4", n_axes, offset=4)
    return np.frombuffer(file, dtype, offset=4 + 4 * n_axes).reshape(shape)


if __name__ == "__main__":
    main()
