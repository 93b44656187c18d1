"""The demo: a whole installation on this machine, and a real year of orders through it."""
