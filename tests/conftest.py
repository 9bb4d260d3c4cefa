"""What all tests share: the servers' fixtures, a thread for each process's matrices, and how often a law is tried."""

import os

from hypothesis import settings

pytest_plugins = ["tests.servers.fixtures"]

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported; as in bench/fraud and `acquit`

settings.register_profile("quick", max_examples=50)  # the suite stays under a minute
settings.register_profile("soak", max_examples=500, deadline=None)  # make soak
settings.load_profile("quick")
