"""Pipes and wires: settings, the Redis store, Kafka, telemetry, embedded servers."""
