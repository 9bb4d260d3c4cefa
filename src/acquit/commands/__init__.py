"""The commands, thin: they read arguments, call what does the work, and print. Each imports what it needs when it runs."""
