"""The whole architecture on one machine (`python -m local`); never ships.

It reads what is deployed: infra/ templates, the Chalice stages and the app itself.
"""
