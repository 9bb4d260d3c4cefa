"""What is wrong with a contact list: rows in, verdicts out. Nothing here opens a file or asks a server."""
