"""Benchmarks: each prints ratios against another program, measured in the same run; none of them is a test."""
