ARG BASE=chimeralinux/chimera:latest
FROM ${BASE}
# Python alone: the C server is cross-built on the machine that runs anyunix. Probes that trace need strace, and skip.
RUN set -eu; \
    command -v python3 >/dev/null || apk add --no-interactive python; \
    command -v strace >/dev/null || apk add --no-interactive strace || echo "no strace here: going on without it" >&2
