"""Render white shapes on black as arrays, after dSprites, in the folder data next to this script.

python corpora/dsprites/prepare.py                # all 737,280 images, 3 GB
python corpora/dsprites/prepare.py --positions 8  # every fourth position of each axis: 46,080 images, 189 MB
"""

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE = 64  # pixels of an image
SCALES = np.linspace(0.5, 1, 6)
ORIENTATIONS = np.linspace(0, 2 * np.pi, 40)
POSITIONS = np.linspace(0, 1, 32)
SHAPES = ("square", "ellipse", "heart")
RADIUS = 16  # pixels within which every shape is; the centre moves by a pixel from one position to the next
FINE = 8  # points of a pixel along each axis, whose part in the shape is the grey of the pixel


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--positions", type=int, default=32, choices=(4, 8, 16, 32), help="of each axis")
    positions = POSITIONS[:: len(POSITIONS) // parser.parse_args().positions]
    folder = Path(__file__).with_name("data")
    folder.mkdir(exist_ok=True)
    values = (np.arange(len(SHAPES)), SCALES, ORIENTATIONS, positions, positions)
    factors = np.array(list(product(*values)))
    np.save(folder / "factors.npy", factors)
    shape = (len(factors), SIDE, SIDE)
    part = folder / "images.part.npy"  # so that images.npy is there only if it is whole
    images = np.lib.format.open_memmap(part, "w+", np.uint8, shape)
    at_once = len(positions) ** 2  # images of one shape, scale and orientation, at all positions
    for start in range(0, len(factors), at_once):
        of_shape, scale, orientation = factors[start, :3]
        sprite = rendered(SHAPES[int(of_shape)], scale, orientation)
        for number, (x, y) in enumerate(factors[start : start + at_once, 3:], start):
            left, top = (round(at * (len(POSITIONS) - 1)) for at in (x, y))
            images[number, top : top + 2 * RADIUS, left : left + 2 * RADIUS] = sprite
    images.flush()
    part.replace(folder / "images.npy")
    print(f"{folder}: images {shape}, factors {factors.shape}")


def rendered(shape: str, scale: float, orientation: float) -> NDArray[np.uint8]:
    """Greys of a shape in the middle of a square, shape (2 RADIUS, 2 RADIUS)."""
    n_points = 2 * RADIUS * FINE
    points = ((np.arange(n_points) + 0.5) / n_points - 0.5) * 2 * RADIUS / scale
    x, y = np.meshgrid(points, points)
    along, across = np.cos(orientation), np.sin(orientation)
    inside = within(shape, along * x + across * y, along * y - across * x)
    parts = inside.reshape(2 * RADIUS, FINE, 2 * RADIUS, FINE).mean((1, 3))
    return np.round(255 * parts).astype(np.uint8)


def within(shape: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points are in a shape of scale 1, in pixels from its centre; y grows downwards."""
    if shape == "square":
        return np.maximum(abs(x), abs(y)) <= 10
    if shape == "ellipse":
        return (x / 14) ** 2 + (y / 8) ** 2 <= 1
    u, v = x / 10.5, -y / 10.5  # the curve (u² + v² - 1)³ = u² v³
    return (u**2 + v**2 - 1) ** 3 <= u**2 * v**3


if __name__ == "__main__":
    main()
