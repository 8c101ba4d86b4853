"""Doubles and builders for those who test what they write for the gateway. They are the same ones that test the gateway itself."""
