"""acquit: a streaming event processor for delivery receipts."""

__version__ = "0.1.0"
