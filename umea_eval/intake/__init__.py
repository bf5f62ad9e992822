"""What every cleaning is made of; it knows no dataset."""
