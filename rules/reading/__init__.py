"""From files to a checked rulebook: YAML with places, shapes, and what rules and texts mean together."""
