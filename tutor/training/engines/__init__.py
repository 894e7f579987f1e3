"""Where a run is worked on: an engine starts the worker of a run folder, and that is all it does."""
