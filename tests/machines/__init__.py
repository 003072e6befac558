"""Recorded and synthetic machines, one folder each, and the scripts that write them."""
