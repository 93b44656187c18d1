"""HTTP in: events of a store's systems, and the public pages behind signed links."""
