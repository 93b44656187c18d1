"""Reference senders: plain consumers of the action topics, made with kafka-python on purpose.

They prove that any Kafka client can be a sender, and are the example to begin one's own with.
"""
