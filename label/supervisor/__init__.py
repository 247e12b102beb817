"""The embedded PostgreSQL and Valkey, and the process supervisor behind `manage.py up`."""
