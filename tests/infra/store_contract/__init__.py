"""The promises of a store, the same list for each back end: ``BACK_ENDS`` in conftest.py."""
