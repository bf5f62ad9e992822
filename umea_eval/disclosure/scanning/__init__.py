"""How the release scan reads: bytes to texts, and what in a text must not leave."""
