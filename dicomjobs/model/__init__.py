"""What a site declares, as frozen values."""
