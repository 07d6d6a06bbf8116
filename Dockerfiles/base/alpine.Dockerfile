# Alpine for machines that reach neither an image registry nor Alpine's packages. The userland is Alpine's own, out of
# the disk image alpine.qcow2 in the build context. What alpine.Dockerfile would add with apk is compiled against musl
# from Debian's source packages: Python, and strace. There is no compiler; programs in C are cross-built.
ARG BASE=debian:trixie-slim
FROM ${BASE} AS tools
ENV DEBIAN_FRONTEND=noninteractive
RUN set -eu; \
    cd /etc/apt; \
    if [ -e sources.list ]; then sed -n 's/^deb /deb-src /p' sources.list >sources.list.d/sources.list; fi; \
    if [ -e sources.list.d/debian.sources ]; then sed -i 's/^Types: deb$/& deb-src/' sources.list.d/debian.sources; fi; \
    apt-get update -qq; \
    apt-get install -qq -y --no-install-recommends e2fsprogs gcc libc6-dev make musl-tools qemu-utils xz-utils
# musl has no kernel headers: the base's come behind its own. The name of the ABI is for Python's configure.
RUN set -eu; \
    mkdir -p /kernel /build /made; \
    ln -s /usr/include/linux /usr/include/asm-generic "/usr/include/$(gcc -print-multiarch)/asm" /kernel; \
    printf '%s\n' '#!/bin/sh' '[ "$1" != --print-multiarch ] || exec echo "$(uname -m)-linux-musl"' \
        'exec musl-gcc -idirafter /kernel "$@"' >/usr/local/bin/cc-musl; \
    chmod +x /usr/local/bin/cc-musl
WORKDIR /build

FROM tools AS userland
COPY alpine.qcow2 .
# debugfs, because a build may not mount. What only a machine that boots needs stays behind.
RUN set -eu; \
    qemu-img convert -O raw alpine.qcow2 alpine.raw; \
    debugfs -R 'rdump / /made' alpine.raw 2>&1; \
    cd /made; \
    rm -rf boot dev lib/modules lost+found run .dockerenv; \
    mkdir boot dev run; \
    grep '^ID=alpine$' etc/os-release

FROM tools AS python
RUN set -eu; \
    apt-get source -qq --download-only python3.13; \
    tar -xJf python3.13_*.orig.tar.xz --strip-components 1; \
    PKG_CONFIG=/bin/false CC=cc-musl ./configure -q --build="$(uname -m)-linux-musl" --prefix=/usr \
        --without-ensurepip --disable-test-modules; \
    make -s -j"$(nproc)"; \
    make -s install DESTDIR=/made; \
    cd /made/usr; \
    rm -rf share lib/*.a lib/python3.*/config-* lib/python3.*/test lib/python3.*/idlelib lib/python3.*/tkinter; \
    find . -name __pycache__ -prune -exec rm -rf {} +; \
    strip bin/python3.13 lib/python3.*/lib-dynload/*.so

# Welcome and not needed: mirrors that are out of step offer no source of it.
FROM tools AS strace
RUN set -eu; \
    mkdir -p /made/usr/bin; \
    apt-get source -qq --download-only strace || { echo "no source of strace here: going on without it" >&2; exit 0; }; \
    tar -xJf strace_*.orig.tar.xz --strip-components 1; \
    CC=cc-musl ./configure -q --host="$(uname -m)-linux-musl" --prefix=/usr --enable-bundled=yes \
        --enable-mpers=no --disable-gcc-Werror; \
    make -s -j"$(nproc)"; \
    strip -o /made/usr/bin/strace src/strace

FROM scratch
COPY --from=userland /made/ /
COPY --from=python /made/ /
COPY --from=strace /made/ /
CMD ["/bin/sh"]
