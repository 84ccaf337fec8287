"""A data set rewritten in another transfer syntax."""
