"""Gatecall on one machine: moto and dynoxide in the place of AWS, and this package in the place of Lambda.

It holds no list of the app's triggers: it reads what app.py declares from the Chalice object.
"""
