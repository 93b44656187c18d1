"""The API: for stores and staff, the same that the console shows and changes; every change is an event."""
