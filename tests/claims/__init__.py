"""How often a report claims what is not so: worlds with a planted truth, and what is said of them.

The reports' own functions run from clean tables to claims, without notebooks.
"""
