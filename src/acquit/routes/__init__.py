"""What the numbers of all partitions add up to: delivery per carrier and hour now, verdicts on routes later."""
