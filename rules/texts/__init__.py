"""What a rulebook has to say: its texts as they are read, and the store as one reader sees it."""
