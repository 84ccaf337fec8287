"""Files: surveying their headers and reading their bytes."""
