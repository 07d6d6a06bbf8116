ARG BASE=amazonlinux:2023
FROM ${BASE}
# Only what the base lacks. Its own python3, which dnf needs, is 3.9: a newer one stands before it on PATH.
RUN set -eu; missing=; \
    command -v python3.11 >/dev/null || missing="$missing python3.11"; \
    command -v cc >/dev/null || missing="$missing gcc glibc-devel"; \
    command -v make >/dev/null || missing="$missing make"; \
    command -v strace >/dev/null || missing="$missing strace"; \
    [ -z "$missing" ] || { dnf install -y --setopt=install_weak_deps=False $missing; dnf clean all; }; \
    ln -sf "$(command -v python3.11)" /usr/local/bin/python3
