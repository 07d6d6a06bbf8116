#!/bin/sh
# What the suite needs in a virtual machine: python3 under that name, a C compiler and make. Idempotent.
set -eu

have() { command -v "$1" >/dev/null 2>&1; }

install_python() {
    case $(uname -s) in
    FreeBSD)
        env ASSUME_ALWAYS_YES=yes pkg install -y python3
        ;;
    OpenBSD)
        # mirrors have the packages of the last two releases, this one those of all (lavabit/robox#305)
        all=https://ftp.eu.openbsd.org/pub/OpenBSD/$(uname -r)/packages/$(uname -m)
        pkg_add -I python3 || pkg_add -I 'python%3' || env PKG_PATH="$all" pkg_add -I 'python%3'
        ;;
    NetBSD)
        if have pkgin; then
            pkgin -y install python312
        else
            packages=https://cdn.netbsd.org/pub/pkgsrc/packages/NetBSD/$(uname -m)/$(uname -r)/All
            env PATH="$PATH:/usr/sbin" PKG_PATH="$packages" pkg_add python312
        fi
        ;;
    *)
        echo "no way to install python3 on $(uname -s) is known here" >&2
        exit 1
        ;;
    esac
}

# packages may come with a version in the program's name alone
link_python() {
    for found in /usr/local/bin/python3.[0-9]* /usr/pkg/bin/python3.[0-9]*; do
        case $found in
        *-config | *'*') continue ;;
        esac
        mkdir -p /usr/local/bin
        ln -sf "$found" /usr/local/bin/python3
        return
    done
}

if have python3; then
    echo "python3 is there: $(python3 --version 2>&1)"
else
    echo "installing python3"
    install_python
    have python3 || link_python
    have python3 || { echo "python3 is not on PATH after its installation" >&2; exit 1; }
fi
for tool in cc make; do
    have "$tool" || echo "no $tool here: the C server is cross-built on the machine that runs anyunix"
done
echo "IPV6_V6ONLY by default: $(sysctl -n net.inet6.ip6.v6only 2>/dev/null || echo unknown)"
