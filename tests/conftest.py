"""What all tests share: the servers' fixtures."""

pytest_plugins = ["tests.servers.fixtures"]
