"""What a lane was: from the store, from a snapshot, or made anew from the log; and whether it fits the broker."""
