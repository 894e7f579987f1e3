# This network runs, and every shape in it is right. It has one fault all
# the same. Find it, and mend it.
#
# All of the rest is right, so change as little as you can. Save to have it
# judged: the results stand in the order of the pass, so the first wrong
# one is where to look.

import numpy as np


class TwoLayerNet:
    """Linear, ReLU, linear, softmax: a network with its loss.

    Parameters:  W1 (n_in, n_hidden), b1 (n_hidden,),
                 W2 (n_hidden, n_out), b2 (n_out,)
    Gradients, once backward has run:  grad_W1, grad_b1, grad_W2, grad_b2
    """

    def __init__(self, n_in, n_hidden, n_out):
        rng = np.random.default_rng()
        self.W1 = rng.standard_normal((n_in, n_hidden)) * np.sqrt(2 / n_in)
        self.b1 = np.zeros(n_hidden)
        self.W2 = rng.standard_normal((n_hidden, n_out)) * np.sqrt(2 / n_hidden)
        self.b2 = np.zeros(n_out)

    def forward(self, x):
        """Map x (N, n_in) to the logits (N, n_out)."""
        self.x = x
        self.z1 = x @ self.W1 + self.b1
        self.a1 = np.maximum(self.z1, 0)
        return self.a1 @ self.W2 + self.b2

    def loss(self, logits, y):
        """Return the mean cross-entropy of the labels y (N,)."""
        shifted = logits - logits.max(axis=1, keepdims=True)
        exps = np.exp(shifted)
        total = exps.sum(axis=1, keepdims=True)
        self.probs = exps / total
        self.y = y
        log_probs = shifted - np.log(total)
        return -log_probs[np.arange(len(y)), y].mean()

    def backward(self):
        """Fill in the gradients of all parameters, return dL/dx (N, n_in)."""
        samples = len(self.y)
        grad_logits = self.probs.copy()
        grad_logits[np.arange(samples), self.y] -= 1
        grad_logits /= samples

        self.grad_W2 = self.a1.T @ grad_logits
        self.grad_b2 = grad_logits.sum(axis=0)
        grad_a1 = grad_logits @ self.W2.T

        grad_z1 = grad_a1 * (grad_a1 > 0)
        self.grad_W1 = self.x.T @ grad_z1
        self.grad_b1 = grad_z1.sum(axis=0)
        return grad_z1 @ self.W1.T

    def update(self, lr):
        """Take one step of gradient descent."""
        self.W1 = self.W1 - lr * self.grad_W1
        self.b1 = self.b1 - lr * self.grad_b1
        self.W2 = self.W2 - lr * self.grad_W2
        self.b2 = self.b2 - lr * self.grad_b2
