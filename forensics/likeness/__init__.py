"""A reading list: which of an agent's own words to read first. It ranks; it finds nothing and enters no document."""
