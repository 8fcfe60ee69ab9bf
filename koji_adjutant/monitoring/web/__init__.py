"""The journal over HTTP: API (api.py), metrics (metrics.py), log files (logs.py) and a dashboard (pages.py).

It only reads. What it wants to know beyond the journal is handed to it (sources.py).
"""
