"""The console: pages for people, live, from rollups and records; what they change goes out as events."""
