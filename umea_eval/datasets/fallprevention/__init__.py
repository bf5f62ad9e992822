"""Fallprevention: deviations, Downton assessments and resident-days."""
