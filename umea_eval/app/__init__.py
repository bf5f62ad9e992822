"""A small web page on the user's own computer, for those who never open a notebook.

Pages are made here and work without a script; the one script only saves a click. Nothing leaves
the computer: the server answers on the loopback address alone, to those who have its token.
"""
