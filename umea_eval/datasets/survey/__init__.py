"""Surveys: what users of services answer, who answers, and what it can be told from."""
