"""What all tests share: the servers' fixtures, and how many examples a law is tried on where it does not say."""

from hypothesis import settings

pytest_plugins = ["tests.servers.fixtures"]

settings.register_profile("quick", max_examples=50)  # the suite stays under a minute; make soak tries 200,000
settings.load_profile("quick")
