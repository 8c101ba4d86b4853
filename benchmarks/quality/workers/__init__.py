"""One module per peer, run in its environment: texts in on standard input, what it found out on standard output."""
