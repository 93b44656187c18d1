"""What a message says: templates in Liquid, values in the reader's format, the parts that a sender lays out."""
