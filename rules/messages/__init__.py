"""What a message says: what its texts ask for, filled in, and the parts that a sender lays out."""
