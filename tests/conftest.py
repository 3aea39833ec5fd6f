"""Settings of every test: a law is judged by its truth, not by how busy the machine is."""

from hypothesis import settings

settings.register_profile("laws", deadline=None)
settings.load_profile("laws")
