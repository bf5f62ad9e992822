"""The object that a notebook shows everything through, and the page that readers get."""
