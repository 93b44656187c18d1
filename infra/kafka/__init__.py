"""Kafka: events come through Faust on one librdkafka client per worker, everything else by clients of its own."""
