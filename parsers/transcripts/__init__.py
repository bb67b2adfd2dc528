"""What agents said, thought, called and were answered, as their harnesses wrote it down."""
