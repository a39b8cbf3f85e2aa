# tests/types
# All sources of the folder, in alphabetical order.
