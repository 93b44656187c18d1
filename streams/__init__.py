"""The way of one event, as pure functions: merge, remember, settle, score, decide."""
