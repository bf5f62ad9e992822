"""Published key figures: what a board printed, and whether it holds together."""
