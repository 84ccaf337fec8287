"""The journal a sender waits on, kept in SQLite."""
