"""Doors for apps that exist already."""
