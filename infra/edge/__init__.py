"""What runs at CloudFront's points of presence; only chalicelib/core travels along."""
