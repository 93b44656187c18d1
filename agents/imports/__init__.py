"""Order histories of other systems into events of the contract."""
