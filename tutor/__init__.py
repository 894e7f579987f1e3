"""A terminal tutor for backpropagation."""

VERSION = "0.1.0"
