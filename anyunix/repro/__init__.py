"""The two bugs of the paper, brought about again in front of the reader: `anyunix repro`."""
