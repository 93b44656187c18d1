"""Kafka: what is consumed comes through Faust, what is published goes through confluent-kafka."""
