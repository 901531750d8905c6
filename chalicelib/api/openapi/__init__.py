"""The API's description of itself, as OpenAPI and as a page.

Imported by the first request that asks for either, so that no cold start pays for it.
"""
