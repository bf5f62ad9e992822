"""From the project's exports to its clean tables, and back out of store: ``clean`` and ``load``."""
