"""The nouns of tend: events, the customer record, actions, outcomes, and their codecs."""
