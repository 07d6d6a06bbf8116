ARG BASE=i386/debian:bookworm-slim
FROM ${BASE}
# Only what the base lacks, so the same file builds on a base that has it all, without a network.
RUN set -eu; missing=; \
    command -v python3 >/dev/null || missing="$missing python3-minimal libpython3-stdlib"; \
    command -v cc >/dev/null || missing="$missing gcc libc6-dev"; \
    command -v make >/dev/null || missing="$missing make"; \
    command -v strace >/dev/null || missing="$missing strace"; \
    [ -z "$missing" ] || { apt-get update && apt-get install -y --no-install-recommends $missing; }; \
    rm -rf /var/lib/apt/lists/*
