"""History into the topics in event time, with the watermarks that make a replay exact."""
