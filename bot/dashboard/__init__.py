"""The staff dashboard: reads releases, and nothing about anybody."""
