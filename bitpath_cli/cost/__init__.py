"""The five terms, the objective L, and what follows from it: ranking, sensitivity, confidence."""
