"""System calls of a subject's processes on two platforms, made comparable and laid side by side."""
