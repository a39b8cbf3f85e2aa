# tests/packages
# All sources of the folder, in alphabetical order.
