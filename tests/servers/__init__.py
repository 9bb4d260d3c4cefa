"""Real servers for the system tests, the soak and the benchmark: all on loopback, none outlives its test run."""
