"""The commands of the command line, a module per subject; each gives click commands to ``cli``."""
