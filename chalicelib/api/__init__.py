"""HTTP over Chalice: routes, keys, problem+json and the pages that visitors see."""
