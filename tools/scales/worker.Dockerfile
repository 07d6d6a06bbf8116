# A worker for tools/scale.py, from wheels beside it: anyunix of this checkout, and all that it needs.
FROM debian:trixie-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends gcc libc6-dev make python3 python3-venv && \
    rm -rf /var/lib/apt/lists/*
COPY wheels /wheels
RUN python3 -m venv /venv && \
    /venv/bin/pip install --quiet --no-index --find-links /wheels 'anyunix[cluster]'
ENV PATH=/venv/bin:$PATH
