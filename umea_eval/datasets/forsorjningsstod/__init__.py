"""Ekonomiskt bistånd and försörjningsstöd: payments, households and decisions."""
