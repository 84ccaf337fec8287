"""Answers of a query: encoded data sets, taken apart and written in every form that is asked for; it knows no network and no file."""
