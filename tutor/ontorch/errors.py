"""What this room says when it cannot do what NumPy does."""

from __future__ import annotations

# Where there is a better advice than the general one.
WAYS_OUT = {
    "__array__": "Keep it an array: np.maximum, np.sum and their like work on it. For one number: float(x).",
    "__index__": "Index with the whole array, W[labels], or take the number out yourself: W[int(labels[n])].",
    "apply_along_axis": "Write it for the whole array, with axis=.",
    "choice": "Choose positions, rng.choice(len(x)), and index with them.",
    "data": "Use x.copy() or a slice of x.",
    "load": "Load what you need outside of the file that is trained.",
    "lib.stride_tricks.as_strided": "Use sliding_window_view, or strides of whole elements that are not negative.",
    "logaddexp.reduce": "np.log(np.exp(x - m).sum(axis=1)) + m, with m the largest of each row.",
    "nditer": "Write it for the whole array, or loop over np.ndindex(x.shape).",
    "resize": "Make a new array and copy into it.",
    "save": "Save what you need outside of the file that is trained.",
    "setflags": "Take a copy where you want to protect an array: x.copy().",
    "tobytes": "Compare with np.array_equal, or take single numbers with float(x).",
    "vectorize": "Write it for the whole array: np.where chooses between two cases.",
}
GENERAL = "Write it with sums, products, indexing and np.where, or train with NumPy: leave --on-torch away."


class NotOnTorch(NotImplementedError):
    """An idiom of NumPy that is not there on torch tensors; `idiom` names it, the message says the way out."""

    def __init__(self, idiom: str, why: str = "", way_out: str = "") -> None:
        self.idiom = idiom
        way_out = way_out or WAYS_OUT.get(idiom.removeprefix("np.").removeprefix("x."), GENERAL)
        super().__init__(f"{idiom} is not there on torch tensors{f': {why}' if why else ''}. {way_out}")
