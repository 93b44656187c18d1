"""Figures, timelines, work and search for people, kept from the topics: exact over restarts, bounded."""
