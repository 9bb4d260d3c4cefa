"""A world of suppliers and carriers with known truth: honest trouble, and forged receipts."""
