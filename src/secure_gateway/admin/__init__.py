"""The local door of an administrator: a Unix socket that answers its owner only, and the client that asks there."""
