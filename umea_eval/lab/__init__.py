"""JupyterLab for this project: its first page, the warm kernel, and a form that makes reports.

The form is Jupyter Scheduler's. By itself it would copy a notebook, paste the parameters into the
copy as code, and copy what came of it to an open folder. Here the same code makes the report as on
the command line, with the same checks, and the report stays where reports lie.
"""
