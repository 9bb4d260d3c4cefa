"""Step 4: what became of each message. Submits and receipts are joined and merged; every cell keeps a running total."""
