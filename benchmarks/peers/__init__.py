"""The peers: other ways to do the reference job, each written as its users would, each a process of its own."""
