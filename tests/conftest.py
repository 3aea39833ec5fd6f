"""Settings of every test: a law is judged by its truth, not by how busy the machine is, nor by luck.

The same draws come back in every run, so that one change is compared with another; `make search` draws anew.
"""

from hypothesis import settings

settings.register_profile("laws", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile("laws")

collect_ignore_glob = ["**/conftest.py", "conftest.py"]  # they hold no examples, and share a name
