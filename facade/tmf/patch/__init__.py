"""PATCH as TM Forum's APIs know it: a document and a patch make a new document.

    after = apply_patch(media_type, before, patch)   media_type is one of MEDIA_TYPES
    apply_operations(…, wanted)                      the same, and what some of its operations moved
    changed(before, after)                           the top-level attributes that differ
    require_form(media_type, patch)                  refuses what fits no document; before a patch is translated

- `application/json`, `application/merge-patch+json`: RFC 7386.
- `application/json-patch+json`: RFC 6902 to the letter: `add` on an existing member replaces it, `/place/-` appends.
- `application/json-patch-query+json`: TMF630 part 5: a path may carry a query that selects entries of arrays, and
  `add` of one value onto an array appends.

Nothing here does I/O, knows a schema or changes what it is given.
"""

from facade.tmf.patch.engine import MEDIA_TYPES, apply_operations, apply_patch, require_form
from facade.tmf.patch.equality import changed, json_equal
from facade.tmf.patch.limits import Limits
from facade.tmf.patch.merge import merged
from facade.tmf.patch.refusals import PatchTestFailed

__all__ = [
    "MEDIA_TYPES",
    "Limits",
    "PatchTestFailed",
    "apply_operations",
    "apply_patch",
    "changed",
    "json_equal",
    "merged",
    "require_form",
]
