"""What must be remembered: keys, sessions, records."""
