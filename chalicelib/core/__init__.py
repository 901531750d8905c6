"""What a short link is and does, as pure functions and frozen values.

No input or output, no clock, no chance, nothing but the standard library: this room also ships to
the edge. Times and random numbers are handed in by whoever calls.
"""
