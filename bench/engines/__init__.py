"""Other engines beside acquit's ledger: the same records, the same decoding and merging, each engine's own state."""
