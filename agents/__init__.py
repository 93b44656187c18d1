"""What runs: workers and the learner, replay, console and API, the gateway, senders, imports, and the command line."""
