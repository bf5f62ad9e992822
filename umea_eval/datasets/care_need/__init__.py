"""Care Need Index: the burden that a health centre's population is expected to bring."""
