"""The scripts that prepare images: rendered shapes, and packages that are read as they are written."""

import gzip
import hashlib
import importlib.util
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "corpora"
pytestmark = pytest.mark.skipif(not (FOLDER / "images.py").exists(), reason="the corpora are not here")


@pytest.fixture
def prepare(monkeypatch, tmp_path):
    """Function that loads the script of a corpus, and has it write below a temporary folder."""
    monkeypatch.syspath_prepend(FOLDER)

    def loaded(name):
        spec = importlib.util.spec_from_file_location(f"prepare_{name}", FOLDER / name / "prepare.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setattr(sys, "path", [*sys.path])
        spec.loader.exec_module(module)
        monkeypatch.setattr(module, "__file__", str(tmp_path / "prepare.py"))
        return module

    return loaded


def run(module, monkeypatch, *options):
    monkeypatch.setattr(sys, "argv", ["prepare.py", *map(str, options)])
    module.main()


def archive(files, mode="w:gz"):
    """A tar archive of files, by their paths."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as opened:
        for name, held in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(held)
            opened.addfile(entry, io.BytesIO(held))
    return made.getvalue()


def kept(module, monkeypatch, tmp_path, held):
    """A file with these bytes, which the script takes for the package."""
    monkeypatch.setattr(module, "SHA256", hashlib.sha256(held).hexdigest())
    (tmp_path / "package").write_bytes(held)
    return tmp_path / "package"


def test_shapes_have_their_areas_at_each_orientation(prepare):
    module = prepare("dsprites")
    areas = {"square": 20 * 20, "ellipse": np.pi * 14 * 8}
    for (shape, area), scale in [(item, scale) for item in areas.items() for scale in (0.5, 1.0)]:
        for orientation in (0.0, 0.7, 2.0):
            ink = module.rendered(shape, scale, orientation).sum() / 255
            assert ink == pytest.approx(area * scale**2, rel=0.01)
    heart = [module.rendered("heart", 1.0, orientation).sum() / 255 for orientation in (0.0, 0.7, 2.0)]
    assert max(heart) == pytest.approx(min(heart), rel=0.01)
    upright = module.rendered("heart", 1.0, 0.0)
    assert (upright == upright[:, ::-1]).all()
    assert (upright != upright[::-1]).any()
    turned = module.rendered("ellipse", 1.0, np.pi / 2)
    assert np.abs(turned.astype(int) - module.rendered("ellipse", 1.0, 0.0).T).max() <= 4


def test_sprites_are_at_their_positions(prepare, monkeypatch, tmp_path):
    module = prepare("dsprites")
    monkeypatch.setattr(module, "SCALES", np.array([1.0]))
    monkeypatch.setattr(module, "ORIENTATIONS", np.array([0.0]))
    run(module, monkeypatch, "--positions", 4)
    images, factors = (np.load(tmp_path / "data" / f"{name}.npy") for name in ("images", "factors"))
    assert images.shape == (3 * 16, 64, 64)
    for image, (_, _, _, x, y) in zip(images[:16], factors[:16], strict=True):
        across, down = (image.sum(axis) @ np.arange(64) / image.sum() for axis in (0, 1))
        assert (across, down) == pytest.approx((15.5 + 31 * x, 15.5 + 31 * y))


def test_digits_are_read_from_their_package(prepare, monkeypatch, tmp_path):
    module = prepare("mnist")
    pictures = np.random.default_rng(0).integers(0, 256, (10, 2, 784))
    files = {
        f"package/src/digits/{digit}.json": json.dumps({"data": (of / 255).ravel().tolist()}).encode()
        for digit, of in enumerate(pictures)
    }
    run(module, monkeypatch, "--file", kept(module, monkeypatch, tmp_path, archive(files)))
    images = np.load(tmp_path / "data" / "images.npy")
    assert (images.reshape(10, 2, 784) == pictures).all()
    assert np.load(tmp_path / "data" / "labels.npy").tolist() == np.repeat(range(10), 2).tolist()


def test_another_file_than_the_package_is_refused(prepare, monkeypatch, tmp_path):
    module = prepare("mnist")
    (tmp_path / "package").write_bytes(b"another")
    with pytest.raises(SystemExit, match="it is another file"):
        run(module, monkeypatch, "--file", tmp_path / "package")
    with pytest.raises(SystemExit, match="cannot be read"):
        run(module, monkeypatch, "--file", tmp_path / "absent")
    assert not (tmp_path / "data").exists()


def test_clothes_are_read_from_their_package(prepare, monkeypatch, tmp_path):
    """A Debian package: an ar archive with a tar archive of compressed IDX files."""
    module, draws = prepare("fashion_mnist"), np.random.default_rng(0)
    arrays = {
        "train-images-idx3": draws.integers(0, 256, (7, 28, 28), dtype=np.uint8),
        "train-labels-idx1": draws.integers(0, 10, 7, dtype=np.uint8),
        "t10k-images-idx3": draws.integers(0, 256, (3, 28, 28), dtype=np.uint8),
        "t10k-labels-idx1": draws.integers(0, 10, 3, dtype=np.uint8),
    }
    files = {}
    for name, array in arrays.items():
        head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        files[f"./usr/share/{name}-ubyte.gz"] = gzip.compress(head + array.tobytes())
    package = b"!<arch>\n"
    for name, held in (("debian-binary", b"2.0"), ("data.tar.xz", archive(files, "w:xz"))):
        package += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(held):<10}`\n".encode() + held
        package += b"\n" * (len(held) % 2)
    run(module, monkeypatch, "--file", kept(module, monkeypatch, tmp_path, package))
    written = ("images", "labels", "test_images", "test_labels")
    for name, array in zip(written, arrays.values(), strict=True):
        assert (np.load(tmp_path / "data" / f"{name}.npy") == array).all()


def test_images_are_there_only_if_they_are_whole(prepare, monkeypatch, tmp_path):
    """Whoever finds images.npy finds all files of a corpus: what was interrupted leaves no such file."""

    def stop(*_):
        raise KeyboardInterrupt

    sprites, digits = prepare("dsprites"), prepare("mnist")
    monkeypatch.setattr(sprites, "rendered", stop)
    with pytest.raises(KeyboardInterrupt):
        run(sprites, monkeypatch, "--positions", 4)
    assert not (tmp_path / "data" / "images.npy").exists()
    names = []
    monkeypatch.setattr(np, "save", lambda file, _: (names.append(file.name), file.touch()))
    digits.write(tmp_path / "data", images=np.zeros((2, 2)), labels=np.zeros(2))
    assert names == ["labels.part.npy", "images.part.npy"]
