"""Reports from parameterised notebooks: one, many, and the index of them. Knows no dataset."""
