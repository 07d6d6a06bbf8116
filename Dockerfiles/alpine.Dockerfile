ARG BASE=alpine:3.23
FROM ${BASE}
# Only what the base lacks. python3 has to be there; a compiler, make and strace are welcome: without
# them the C server is cross-built on the machine that runs anyunix, and the probes that trace skip.
RUN set -eu; \
    command -v python3 >/dev/null || apk add --no-cache python3; \
    for wanted in gcc:cc musl-dev:/usr/include/stdio.h make:make strace:strace; do \
        package=${wanted%%:*} provides=${wanted#*:}; \
        command -v "$provides" >/dev/null || [ -e "$provides" ] || apk add --no-cache "$package" || \
        echo "no $package here: going on without it" >&2; \
    done
# The root is read-only later: without its bytecode every start of Python would compile the library anew.
RUN python3 -m compileall -q "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" || true
