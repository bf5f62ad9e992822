"""Placements of children and young people."""
