"""The notebooks: how they are built from their sources, run and checked."""
