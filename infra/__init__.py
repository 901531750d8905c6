"""What AWS is told: templates, the stages' caches, and what Chalice must learn; never shipped."""
