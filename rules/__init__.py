"""What should happen: the facts rules may see, the rule language, limits, and the decision.

Its packages need each other in one order: ``templates``, ``defaults`` (a store's numbers), ``texts``, then the rulebook
and the context of an event, ``facts``, ``messages``, ``deciding``; ``reading`` makes rulebooks of files.
"""
