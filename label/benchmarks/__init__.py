"""What Deadwax costs in time and memory, measured on this machine: `manage.py benchmark`.

Each module measures one thing and gives figures; `table` prints them. Nothing here is imported by the web process.
"""
