"""DCMTK's own languages: its command lines and configuration files, read as its programs read them."""
