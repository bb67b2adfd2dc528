"""Apache Spark beside DuckDB: the same relations, translated, and the same parsers, fanned out (extra `spark`)."""
