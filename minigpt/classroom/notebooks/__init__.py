"""The notebooks: built from one source, run, and checked."""
