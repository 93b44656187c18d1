"""Churn from the outside: order files in, predictions and their quality out."""
