"""The mouth: one file per verb, each of which parses, calls one workflow, renders and exits."""
