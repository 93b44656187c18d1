"""Those who do it: the worker, lanes, the learner, replay, and the command line."""
