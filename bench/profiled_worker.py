"""A worker under cProfile, main thread only: aiokafka's consumer, which has a thread of its own, is not in it. `FILE`"""

import cProfile
import sys

from acquit.__main__ import main

if __name__ == "__main__":
    profile = cProfile.Profile()
    try:
        profile.runcall(main, ["worker"])
    finally:  # SIGTERM ends Faust in order
        profile.dump_stats(sys.argv[1])
