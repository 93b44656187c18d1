"""One client for all lanes of a worker: member of the group, and fetching ahead of them; Faust carries its batches."""
