"""CloudFront on one machine: the distribution of infra/global, run as its template says.

Each file is one part of it; `engines` joins them, `points` are the places it answers at.
"""
