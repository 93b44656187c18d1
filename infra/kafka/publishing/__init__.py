"""A lane's outbox, published in transactions that carry how far they go."""
