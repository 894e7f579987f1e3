"""The table of what the chart calls ill: every number that decides, what it measures, and where it comes from."""

from __future__ import annotations

from typing import NamedTuple

RECIPE = "Karpathy, A Recipe for Training Neural Networks (2019): the loss at initialisation is ln(classes)"
CS231N = "Karpathy, CS231n notes, Neural Networks 3 (Stanford, 2015): updates are about 1e-3 of the weights"
CS231N_RELU = (
    "Karpathy, CS231n notes, Neural Networks 1 (Stanford, 2015): up to 40 % of the ReLUs may die at too high a rate"
)
DEEP_LEARNING = "Goodfellow, Bengio and Courville, Deep Learning (2016), chapter 8"
PRECHELT = "Prechelt, Early Stopping - But When? (1998): generalisation loss, and a rise in successive strips"
PASCANU = "Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks (2013)"
GLOROT = "Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010)"
MEASURED = "measured: no healthy run of tests/explained_runs.py comes near"


class Threshold(NamedTuple):
    """One row of the table."""

    value: float
    of: str
    source: str


# A healthy run must not be nagged: where a source gives a typical value, the row here is far beyond it.
THRESHOLDS = {
    "first loss": Threshold(2.0, "times ln(classes)", RECIPE),
    "first loss, few classes": Threshold(1.5, "above ln(classes): of two classes twice that is little", MEASURED),
    "first loss, few inputs": Threshold(5.0, "above ln(classes), of samples of few numbers: chance decides", MEASURED),
    "first loss, samples": Threshold(32, "samples that the first loss is the mean of", MEASURED),
    "patience, epochs": Threshold(4, "evaluations before a run may be called flat or at chance", MEASURED),
    "patience, steps": Threshold(150, "steps before it may", MEASURED),
    "flat, fall": Threshold(0.005, "of the loss, in all that time", f"{DEEP_LEARNING}.2: plateaus; {MEASURED}"),
    "flat, level": Threshold(0.8, "of the first loss: what has learnt and stands still has converged", MEASURED),
    "chance, band": Threshold(0.01, "of ln(classes), around it", RECIPE),
    "rising, steps": Threshold(24, "steps before the loss may be called rising", MEASURED),
    "rising, share": Threshold(0.1, "of the first loss, above it", f"{DEEP_LEARNING}.3; {MEASURED}"),
    "rising, again": Threshold(0.5, "of what it had fallen, lost again", MEASURED),
    "rising, gained": Threshold(0.2, "of the first loss, that it must have fallen for that", MEASURED),
    "rising, certainty": Threshold(5.0, "standard errors", MEASURED),
    "oscillating, jump": Threshold(0.1, "of the held-back loss, from epoch to epoch, by median", MEASURED),
    "oscillating, turns": Threshold(2, "turns up and down in six evaluations", MEASURED),
    "oscillating, fall": Threshold(0.1, "of the loss, from three evaluations to the next three: it gets on", MEASURED),
    "oscillating, level": Threshold(0.4, "of the first loss: small losses jump by nature", MEASURED),
    "overfitting, rise": Threshold(0.2, "of the lowest held-back loss, above it (0.05 there)", PRECHELT),
    "overfitting, share": Threshold(0.03, "of the first loss: what is less is of no matter", MEASURED),
    "overfitting, training": Threshold(0.1, "of the training loss, that it fell since then", PRECHELT),
    "overfitting, strip": Threshold(5, "evaluations whose median is compared", PRECHELT),
    "gauges": Threshold(3, "measurements whose median is compared, at least", MEASURED),
    "vanishing": Threshold(1e-3, "of the largest gradient of a later layer", f"{GLOROT}; {MEASURED}"),
    "exploding, norm": Threshold(100.0, "of all gradients together; clipping begins at 1 to 10", PASCANU),
    "exploding, growth": Threshold(100.0, "times the norm at the start, where that makes more than 10", PASCANU),
    "exploding, depth": Threshold(1e3, "times the gradient of a later layer", f"{GLOROT}; {MEASURED}"),
    "dead units": Threshold(0.5, "of the units of a ReLU", CS231N_RELU),
    "large steps": Threshold(0.15, "of a weight matrix, by norm: 150 times what is usual", CS231N),
    "small steps": Threshold(1e-5, "of the fastest weight matrix: a hundredth of what is usual", CS231N),
    "small steps, level": Threshold(0.8, "of the first loss: near the end steps are small by nature", MEASURED),
}  # fmt: skip


def limit(name: str) -> float:
    """The value of a row."""
    return THRESHOLDS[name].value
