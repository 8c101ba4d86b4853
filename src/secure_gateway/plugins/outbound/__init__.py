"""How this process asks other machines: which addresses it may reach, when it stops asking, and what it remembers of answers."""
