"""A plan carried out through ports."""
