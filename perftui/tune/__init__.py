"""Changes: what may be set, what is proposed, and the one executor that carries it out under a dead-man."""
