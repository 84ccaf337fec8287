"""The standard's tables as Python values: UIDs, attributes, status codes, AE titles; it knows nothing of the rest."""
