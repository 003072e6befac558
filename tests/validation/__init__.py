"""Predicted beside measured on hosts that are emulated here: what docs/validation.md is made of."""
