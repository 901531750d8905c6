"""Use cases: what the API can be asked to do, over ports that others implement."""
