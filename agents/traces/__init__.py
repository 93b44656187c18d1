"""Traces: from an event to the action it led to, to what the sender and the customer made of it."""
