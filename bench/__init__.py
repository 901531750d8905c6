"""How fast the local stack is, as ratios to a bare boto3 handler measured in the same run.

`make bench`, or `python -m bench --help`; never ships, and nothing imports it.
"""
