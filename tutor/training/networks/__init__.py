"""Networks that can be trained, from a learner's layer or whole network and what of ours stands around it.

`architecture` says, as plain data, which layers there are; `network.make_network` makes them in NumPy: a row of
`units`, or a `whole` network of the learner's. `access` finds parameters and gradients in their objects, `shaping`
makes of samples what a layer takes, `optimizers` moves the parameters, `checks` are the sentences for what is missing.
Nothing is imported here: the architecture is asked for where NumPy must not be loaded.
"""
