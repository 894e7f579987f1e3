"""A terminal tutor for backpropagation."""
