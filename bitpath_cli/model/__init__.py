"""The nouns: frozen, validated, and all that rooms may hand to one another."""
