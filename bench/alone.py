"""The floor of an import: Chalice and PynamoDB alone, as whoever uses them must load them.

`import pynamodb` by itself loads nothing of it, and `import chalice` is `chalice.app`.
"""

import chalice.app
import pynamodb.models


__all__ = ["chalice", "pynamodb"]
