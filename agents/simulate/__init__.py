"""A year of real orders with a shop around it: *The Complete Journey* as a stream of contract events."""
