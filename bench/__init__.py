"""`make bench`: acquit beside a bare consumer loop and beside ordinary Faust agents, in one run, on real servers."""
