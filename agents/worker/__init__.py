"""One member of the workers' group: a lane for each partition that it is given."""
