"""The only part that touches the world: Kafka, Redis, the clock, metrics and the operator's settings."""
