"""What every cleaning is made of: exports, values, identity, schema, account. Knows no dataset."""
