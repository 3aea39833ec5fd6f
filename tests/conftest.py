"""Settings of every test: a law is judged by its truth, not by how busy the machine is."""

from hypothesis import settings

settings.register_profile("laws", deadline=None)
settings.load_profile("laws")

collect_ignore_glob = ["**/conftest.py", "conftest.py"]  # they hold no examples, and share a name
