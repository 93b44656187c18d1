"""Churn on real orders: the model that runs live beside what others use, on identical points."""
