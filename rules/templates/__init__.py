"""Texts to fill in, Liquid for customers and slots for the store's own use, with values as the reader writes them."""
