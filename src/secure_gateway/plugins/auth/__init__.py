"""Who is asking: the authentication providers."""
