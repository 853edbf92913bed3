"""What holds for every test."""

from hypothesis import settings

# No deadline per example: how long one takes says more about the machine's neighbours than about the code.
settings.register_profile("perftui", deadline=None)
settings.load_profile("perftui")
