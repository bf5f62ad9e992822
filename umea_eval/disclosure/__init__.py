"""What may leave: every table passes here before a reader sees anything made from it."""
