"""Messages laid out: as a mail in HTML and plain text, previewed, and sent to oneself to look at."""
