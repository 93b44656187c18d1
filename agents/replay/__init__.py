"""History into the topics in event time, with the marks that make a replay exact."""
