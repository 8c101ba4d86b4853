"""What happened: the telemetry providers."""
