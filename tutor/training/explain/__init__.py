"""The chart talks: from what a run records to a sentence, a lesson to reread, and what to try.

`Explainer` is fed by the worker and answers with `Explained`. What is kept of a run stands in `memory`, what is said
and when in `rules`, every number that decides, with its source, in `thresholds`.
"""

from tutor.training.explain.explainer import Explained, Explainer

__all__ = ["Explained", "Explainer"]
