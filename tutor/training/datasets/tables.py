"""What is known of every data set without reading it, and where the published files of two of them are."""

from __future__ import annotations

from msgspec import Struct

from tutor.training.datasets.records import DataFacts

DIGIT_NAMES = tuple("0123456789")

DIGITS = DataFacts(
    name="digits",
    title="the digits",
    samples=1437,
    held_back=360,
    sample_shape=(8, 8),
    class_names=DIGIT_NAMES,
    attribution="""Optical Recognition of Handwritten Digits
E. Alpaydin and C. Kaynak (1998), UCI Machine Learning Repository, https://doi.org/10.24432/C50P49
Licence: Creative Commons Attribution 4.0 International (CC BY 4.0), https://creativecommons.org/licenses/by/4.0/
Here: its 1,797 test images of 8x8 pixels as scikit-learn carries them, pixels and labels unchanged; a shuffle is added.
""",
)


def _plane(name: str, title: str, *class_names: str) -> DataFacts:
    of_each = 400  # and a fifth of all is held back
    return DataFacts(
        name=name,
        title=title,
        samples=of_each * len(class_names) * 4 // 5,
        held_back=of_each * len(class_names) // 5,
        sample_shape=(2,),
        class_names=class_names,
        attribution="Points in the plane, drawn by a formula from a fixed seed.",
    )


PLANE = {
    facts.name: facts
    for facts in (
        _plane("xor", "XOR", "same sign", "different signs"),
        _plane("moons", "the moons", "upper moon", "lower moon"),
        _plane("spirals", "the spirals", "arm 1", "arm 2", "arm 3"),
        _plane("rings", "the rings", "inner ring", "outer ring"),
    )
}


class PublishedFile(Struct, frozen=True):
    """A file as it was published, compressed."""

    name: str
    size: int  # bytes
    sha256: str


class Published(Struct, frozen=True):
    """A set of IDX files, and the servers that have them, the best first."""

    facts: DataFacts
    files: tuple[PublishedFile, ...]  # images and labels to learn from, images and labels held back
    mirrors: tuple[str, ...]


# The checksums are those of the files as first published: the MD5s that torchvision pins belong to the same files. With
# them it does not matter that a mirror speaks plain HTTP.
_MNIST = Published(
    facts=DataFacts(
        name="mnist",
        title="MNIST",
        samples=60_000,
        held_back=10_000,
        sample_shape=(28, 28),
        class_names=DIGIT_NAMES,
        attribution="""The MNIST database of handwritten digits
Y. LeCun, C. Cortes and C. J. C. Burges (1998), http://yann.lecun.com/exdb/mnist/
Licence: Creative Commons Attribution-Share Alike 3.0 (CC BY-SA 3.0)
""",
    ),
    files=(
        PublishedFile(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        PublishedFile(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        PublishedFile(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        PublishedFile(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)

_FASHION = Published(
    facts=DataFacts(
        name="fashion-mnist",
        title="Fashion-MNIST",
        samples=60_000,
        held_back=10_000,
        sample_shape=(28, 28),
        class_names=(
            "T-shirt",
            "trouser",
            "pullover",
            "dress",
            "coat",
            "sandal",
            "shirt",
            "sneaker",
            "bag",
            "ankle boot",
        ),
        attribution="""Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms
H. Xiao, K. Rasul and R. Vollgraf (2017), arXiv:1708.07747, https://github.com/zalandoresearch/fashion-mnist
Licence: MIT, Copyright (c) 2017 Zalando SE
""",
    ),
    files=(
        PublishedFile(
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        PublishedFile(
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        PublishedFile(
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        PublishedFile(
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
)

PUBLISHED = {"mnist": _MNIST, "fashion-mnist": _FASHION}
