"""Cells run in processes forked from one that has imported everything already (Linux only).

Nearly all the time of a batch is start-up: the interpreter, the imports, the kernel's sockets. Here
it is paid once. ``server`` imports and forks, ``interpreter`` runs cells in the forked process,
``client`` is what papermill and nbclient talk to in place of a kernel. Elsewhere, and wherever the
server cannot start, the stock kernel gives the same output.
"""
