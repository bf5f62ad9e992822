"""Statistics as pure functions on frames; they know no dataset and no report."""
