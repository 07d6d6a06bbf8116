ARG BASE=fedora:latest
FROM ${BASE}
# Only what the base lacks, so the same file builds on a base that has it all, without a network.
RUN set -eu; missing=; \
    command -v python3 >/dev/null || missing="$missing python3"; \
    command -v cc >/dev/null || missing="$missing gcc glibc-devel"; \
    command -v make >/dev/null || missing="$missing make"; \
    command -v strace >/dev/null || missing="$missing strace"; \
    [ -z "$missing" ] || { dnf install -y --setopt=install_weak_deps=False $missing; dnf clean all; }
