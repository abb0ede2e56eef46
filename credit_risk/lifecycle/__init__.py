"""The stages of a plan in order: develop, package, export, validate, document.

The other two packages are called as programs.
"""
