"""What other systems send, as events of the contract: each system by one table, which ``docs/connectors.md`` shows."""
