"""What should happen: the facts rules may see, the rule language, limits, and the decision."""
