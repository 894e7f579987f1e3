"""What runs in the box: the host, its children, and the wire between them and the tutor.

Nothing here imports `tutor`: the box host is a Python of its own that knows this folder alone, so that the learner's
code finds neither references nor expected values in its memory. Standard library and NumPy only.
"""
