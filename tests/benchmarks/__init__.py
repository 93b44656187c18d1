"""What the measurements rest on."""
