"""What becomes of the zip that Chalice makes before it goes to AWS. Never ships itself."""
