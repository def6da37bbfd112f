"""Collections as TMF630 wants them read: filters, JSONPath, sorting, attribute selection, pages.

Knows query strings and published schemas, nothing of orders. An API brings the attributes of its resource.
"""
