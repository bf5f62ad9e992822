"""One module per question that the audit asks of a printed table."""
