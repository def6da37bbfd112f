"""The outside world: everything that speaks to something other than this process."""
