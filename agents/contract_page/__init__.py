"""The contracts as one page for a browser, made from the AsyncAPI document."""
