"""The cells of a run on many machines: Dask distributed carries them there, and their results back."""
