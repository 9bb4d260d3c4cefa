"""What all tests share: the servers' fixtures, a thread for each process's matrices, and a law's number of examples."""

import os

from hypothesis import settings

pytest_plugins = ["tests.servers.fixtures"]

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported; as in bench/fraud and `acquit`

settings.register_profile("quick", max_examples=50)  # the suite stays under a minute; make soak tries 200,000
settings.load_profile("quick")
