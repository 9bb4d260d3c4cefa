"""Who finds forged receipts, how soon, and who cries wolf: the judge and the rules of today on the same simulated worlds."""
