"""Step 5: who must not be contacted. What is held against a person, judged by policy rows, in the order of time."""
