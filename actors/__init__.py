"""The workers' side: Dramatiq actors, the broker, and the scheduler's clock."""
