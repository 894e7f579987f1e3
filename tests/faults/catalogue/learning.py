"""Faults of optimisers, training loops, autograd engines, gradient checks and initialisers."""

from __future__ import annotations

from tests.faults.catalogue import fault

ARRIVED = "arrived[source] += slope * arrived[node]"
SECOND = "v += (1 - self.beta2) * g * g"
PASS_ON = "    model.backward(grad)\n"
UPDATE = "        p -= optimizer.lr * model.grads[name]\n"
SLOPES = "slopes[i] = (plus - minus) / (2 * h)"
HE = "return normal(n_in, n_out, 2 / n_in, rng)"
OWN = "np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)"

OPTIMIZERS = (
    fault("adam", "18", "time that stands still", "step_2_W", ("self.t += 1  # once", "self.t = 1  # once")),
    fault("adam", "18", "time that runs once per parameter", "step_1_b",
          ("g = grads[name] + self.weight_decay", "self.t += name != 'W'; g = grads[name] + self.weight_decay")),
    fault("adam", "18", "the moments corrected in place", "step_2_W",
          ("m_hat = m / (1 - self.beta1**self.t)", "m /= 1 - self.beta1**self.t; m_hat = m")),
    fault("adam", "18", "the second moment of the first", "step_1_W", (SECOND, "v += (1 - self.beta2) * m * m")),
    fault("adam", "18", "no correction of the second moment", "step_1_W", ("v / (1 - self.beta2**self.t)", "v")),
    fault("adam", "18 19", "moments that all optimisers share", "step_1_W unstable",
          ("        self.m: dict[str, Array] = {}",
           "        self.m = Adam.__dict__.get('kept') or {}; Adam.kept = self.m")),
    fault("adam", "12", "uphill", "step_1_W",
          ("p -= self.lr * self._direction(name, g)", "p += self.lr * self._direction(name, g)")),
    fault("penalised", "16", "the penalty's factor 2", "step_1_W",
          ("+ self.weight_decay * p if", "+ 2 * self.weight_decay * p if")),
    fault("penalised", "12", "weights that grow", "step_1_W",
          ("+ self.weight_decay * p if", "- self.weight_decay * p if")),
    fault("penalised", "C", "no penalty on the biases", "step_2_b",
          ("if self.weight_decay else", "if self.weight_decay and p.ndim > 1 else")),
    fault("penalised", "18", "decay beside the moments, AdamW's, where a penalty is meant", "step_1_W",
          ("g = grads[name] + self.weight_decay * p if self.weight_decay else grads[name]",
           "g = grads[name]; p *= 1 - self.lr * self.weight_decay")),
    fault("momentum", "18", "a velocity that forgets", "step_2_W", ("if self.v[i] is None:", "if True:")),
    fault("momentum", "18 19", "one velocity for all parameters", "could_not_run exception",
          ("self.v[i]", "self.v[0]")),
    fault("momentum", "12", "the velocity uphill", "step_1_W", ("- self.lr * grads[i]", "+ self.lr * grads[i]")),
    fault("momentum", "18", "the rate once more", "step_1_W",
          ("params[i] += self.v[i]", "params[i] += self.lr * self.v[i]")),
    fault("momentum", "19", "parameters replaced in the list", "moves",
          ("params[i] += self.v[i]", "params[i] = params[i] + self.v[i]")),
    fault("rmsprop", "18", "divided by the square itself", "step_1_W", ("np.sqrt(s) + self.eps", "s + self.eps")),
    fault("rmsprop", "18", "the mean square of the step before", "step_1_W non_finite",
          ("s *= self.rho", "p -= self.lr * g / np.sqrt(s); s *= self.rho")),
    fault("rmsprop", "19", "the gradient squared in place", "g_W mutated",
          ("g = grads[name]", "g = grads[name]; g *= abs(g)")),
    fault("sgd", "18", "the rate of the start for ever", "step_3_W",
          ("self.lr = lr", "self.lr = self.first = lr"), ("p -= self.lr", "p -= self.first")),
    fault("sgd", "E", "a step of the sign alone", "step_1_W",
          ("self.lr * grads[name]", "self.lr * np.sign(grads[name])"),
          ("from typing import Any", "from typing import Any\nimport numpy as np")),
    fault("clipping", "16", "the square of the norm", "clipped_W",
          ("norm = float(np.sqrt(sum(", "norm = float(np.square(sum(")),
    fault("clipping", "F", "right where the gradients are too long", "clipped_W",
          ("if norm > max_norm:  #", "if norm > 0:  #")),
)  # fmt: skip

LOOPS = (
    fault("loop", "23", "gradients never reset", "zeroed", ("    model.zero_grad()\n", "")),
    fault("loop", "23", "reset between backward and update", "kept", (PASS_ON, f"{PASS_ON}    model.zero_grad()\n")),
    fault("loop", "20", "updated before the error goes back", "in_order",
          (PASS_ON, "    for p in model.params.values():\n        p *= 0.99\n" + PASS_ON)),
    fault("loop", "12", "uphill", "step_1_W1", ("p -= optimizer.lr", "p += optimizer.lr")),
    fault("loop", "18", "the rate twice", "step_1_W1", ("optimizer.lr *", "optimizer.lr**2 *")),
    fault("loop", "19", "copies of the parameters move", "moved", ("p -= optimizer", "p = p - optimizer")),
    fault("loop", "3", "the gradient divided by the batch again", "step_1_W1",
          ("model.backward(grad)", "model.backward(grad / len(x))")),
    fault("loop", "10", "one target for all samples", "loss_1", ("loss(out, y)", "loss(out, y.mean(axis=0) + 0 * y)")),
    fault("loop", "2", "half of the layers move", "step_1_W2",
          (UPDATE, UPDATE.replace("p -=", "p -= (name[-1] == '1') *"))),
)  # fmt: skip

ENGINES = (
    fault("autograd", "2", "= for += where a node is used twice", "grad_sum_with_itself",
          (ARRIVED, "arrived[source] = slope * arrived[node]")),
    fault("autograd", "11", "an order that is not reversed", "grad_add", ("reversed(order)", "order")),
    fault("autograd", "11", "no set of what was visited", "grad_sum_with_itself", ("visited.add(source)", "pass")),
    fault("autograd", "11", "straight down, without an order", "grad_sum_with_itself",
          ("        order = topological_order(self)\n", "        order, found = [], [self]\n        while found:\n"
           "            node = found.pop(0); order.insert(0, node)\n"
           "            found += [s for s, _ in node.sources if s not in found and s not in order]\n")),
    fault("autograd", "12", "the sign of a division", "grad_div", ("-quotient / other.data", "quotient / other.data")),
    fault("autograd", "8", "tanh' of what went in", "grad_tanh", ("1 - t * t", "1 - self.data * self.data")),
    fault("autograd", "8", "exp' of the result", "grad_exp",
          ("Value(e, ((self, e),))", "Value(e, ((self, math.exp(e)),))")),
    fault("autograd", "24", "the slope of relu is its value", "grad_relu",
          ("1.0 if self.data > 0 else 0.0", "max(0.0, self.data)")),
    fault("autograd", "23", "a second pass hands on the first", "grad_zeroed",
          ("arrived = dict.fromkeys(order, 0.0)", "arrived = {node: getattr(node, 'kept', 0.0) for node in order}"),
          ("node.grad += arrived[node]", "node.grad += arrived[node]; node.kept = arrived[node]")),
    fault("autograd", "7", "log without a slope", "grad_log", ("Value(math.log(self.data), ((self, 1 / self.data),))",
          "Value(math.log(self.data), ((self, 1.0),))")),
)  # fmt: skip

CHECKS = (
    fault("check", "9", "times h, by a missing bracket", "accepts_right",
          (SLOPES, "slopes[i] = (plus - minus) / 2 * h")),
    fault("check", "9 G", "times h, and both are called zero", "refuses_sign",
          (SLOPES, "slopes[i] = (plus - minus) / 2 * h"), ("    return True", "    return True  #"),
          ("if not gap /", "if False and not gap /")),
    fault("check", "21", "one-sided", "accepts_right", (SLOPES, "slopes[i] = (plus - loss()) / h")),
    fault("check", "21", "a step so small that rounding is left", "accepts_right", ("h = 1e-5", "h = 1e-13")),
    fault("check", "21 G", "a step across a kink", "accepts_near_kink", ("h = 1e-5", "h = 4e-3"), ("< 1e-6", "< 1e-2")),
    fault("check", "21", "float32", "holds_in_float32",
          ("        if p.dtype != np.float64:\n            raise TypeError(\"a gradient check needs float64\")\n", "")),
    fault("check", "19", "what was perturbed stays perturbed", "restores",
          ("    return True", "    p.flat[-1] += h\n    return True")),
    fault("check", "E", "anything that is not zero", "refuses_sign",
          ("if not gap / (np.linalg.norm(numeric) + np.linalg.norm(grads[name])) < 1e-6:",
           "if not grads[name].any():")),
    fault("check", "A", "the first parameter alone", "refuses_wrong_b",
          ("    return True", "        return True\n    return True")),
)  # fmt: skip

INITIALISERS = (
    fault("he", "15", "the outputs counted for the inputs", "W", (HE, "return normal(n_in, n_out, 2 / n_out, rng)")),
    fault("he", "16", "the 2 of ReLU forgotten", "W", (HE, "return normal(n_in, n_out, 1 / n_in, rng)")),
    fault("he", "16", "the variance for the deviation", "W",
          ("rng.normal(0.0, np.sqrt(variance)", "rng.normal(0.0, variance")),
    fault("he", "15", "transposed", "W wrong_shape", (HE, "return normal(n_out, n_in, 2 / n_in, rng)")),
    fault("he", "12", "positive weights alone", "W", (HE, "return abs(normal(n_in, n_out, 2 / n_in, rng))")),
    fault("layer_of_he", "19", "one seed for all", "drawn_anew",
          ("        self.W = np", "        np.random.seed(0); self.W = np")),
    fault("layer_of_he", "C", "biases that are drawn", "b", ("np.zeros(n_out)", "np.random.randn(n_out) * 0.01")),
    fault("layer_of_he", "E", "the same row for every input", "W",
          (OWN, "np.tile(np.random.randn(n_out), (n_in, 1)) * np.sqrt(2 / n_in)")),
)  # fmt: skip

FAULTS = (*OPTIMIZERS, *LOOPS, *ENGINES, *CHECKS, *INITIALISERS)
