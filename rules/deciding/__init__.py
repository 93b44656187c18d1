"""From a trigger to what is done: rules propose, limits dispose, an action is composed, and the record remembers it."""
