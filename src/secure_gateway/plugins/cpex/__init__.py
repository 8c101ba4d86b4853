"""Plugins written for CPEX, ContextForge's plugin framework, run as they are published."""
