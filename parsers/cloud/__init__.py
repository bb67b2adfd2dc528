"""What a cloud's provider writes down of its customers: calls to its API, findings of its sensors."""
