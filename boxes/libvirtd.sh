#!/usr/bin/env bash
# libvirt by hand, for machines without systemd, D-Bus and polkit: in CI, and in containers that may.
#
#   boxes/libvirtd.sh start FOLDER      as root; sockets are the usual ones, logs and settings are in FOLDER
#   boxes/libvirtd.sh stop FOLDER       with vagrant-libvirt's network, whose rules it takes along
set -euo pipefail
[ $# = 2 ] || { sed -n '4,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$2"
folder=$(cd "$2" && pwd)

alive() { [ -s "$folder/$1.pid" ] && kill -0 "$(cat "$folder/$1.pid")" 2>/dev/null; }

settings() {
    printf '%s\n' 'unix_sock_group = "root"' 'unix_sock_rw_perms = "0700"' 'auth_unix_ro = "none"' \
        'auth_unix_rw = "none"' >"$folder/libvirtd.conf"
    # namespaces: libvirt's own /dev for each guest cannot take the mount over /dev/kvm along
    printf '%s\n' 'security_driver = "none"' 'namespaces = []' >"$folder/qemu.conf"
    : >"$folder/no-kvm"
    chmod 000 "$folder/no-kvm"
}

start() {
    mkdir -p /run/libvirt
    settings
    if ! alive virtlogd; then
        setsid virtlogd -p "$folder/virtlogd.pid" >"$folder/virtlogd.log" 2>&1 </dev/null &
    fi
    # A /dev/kvm that is there but closed to QEMU's user makes libvirt probe each emulator anew at every question:
    # minutes. It is hidden from libvirtd alone, in a mount namespace of its own; /etc stays as it is.
    if ! alive libvirtd; then
        setsid unshare -m sh -c "
            [ ! -e /dev/kvm ] || mount --bind '$folder/no-kvm' /dev/kvm
            mount --bind '$folder/qemu.conf' /etc/libvirt/qemu.conf
            exec libvirtd -f '$folder/libvirtd.conf' -p '$folder/libvirtd.pid'" \
            >"$folder/libvirtd.log" 2>&1 </dev/null &
    fi
    for _ in $(seq 300); do
        if virsh -c qemu:///system capabilities >/dev/null 2>&1; then
            virsh -c qemu:///system version --daemon | tail -n 2
            return
        fi
        sleep 0.2
    done
    echo "libvirtd does not answer; $folder/libvirtd.log:" >&2
    tail -n 20 "$folder/libvirtd.log" >&2
    return 1
}

stop() {
    virsh -c qemu:///system net-destroy vagrant-libvirt >/dev/null 2>&1 || true
    for daemon in libvirtd virtlogd; do
        ! alive "$daemon" || kill "$(cat "$folder/$daemon.pid")"
    done
}

"$1"
