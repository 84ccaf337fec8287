"""Example site files and association profiles, shipped as package data."""
