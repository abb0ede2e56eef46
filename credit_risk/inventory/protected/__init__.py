"""Protected attributes of applicants in a store of their own: keyed pseudonyms, permitted purposes, recorded access.

The store is a database apart from the inventory and from every table of development. It holds no key of an applicant:
a row stands under a pseudonym that only the holder of a secret can make. Nothing is handed out before its access
stands in the audit trail of the inventory that the store belongs to.
"""
