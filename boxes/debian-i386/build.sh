#!/usr/bin/env bash
# Makes a small 32-bit Debian box for vagrant-libvirt, its kernel 32-bit too, from Debian packages alone.
#
#   boxes/debian-i386/build.sh OUTPUT-FOLDER      -> OUTPUT-FOLDER/debian-i386.box
#
# Run as root: it mounts a disk image. The packages are kept in the folder, so a second build needs no mirror.
# Needs mmdebstrap, arch-test, extlinux, qemu-utils, e2fsprogs, vagrant (for its public key), openssh-client.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# = 1 ] || { sed -n '4,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)

suite=bookworm kernel=linux-image-686 gigabytes=2
root=$out/root initramfs=$out/initramfs raw=$out/disk.raw box=$out/box
# no shadow of "lsm=", microcode or timers that an emulated CPU only loses time with
arguments="root=/dev/vda rw quiet console=ttyS0 net.ifnames=0 mitigations=off nokaslr nowatchdog no_timer_check \
random.trust_cpu=on noisapnp raid=noautodetect cryptomgr.notests"

packages() { # a root file system with the kernel, sshd, Python, a C compiler and strace; as small as they allow
    # busybox-static is init of the initramfs and asks for the address; tiny-initramfs only stands in for udev's
    local wanted=$kernel,tiny-initramfs,sysvinit-core,sysv-rc,initscripts,kmod,busybox-static,udhcpc
    wanted+=,openssh-server,sudo,procps,python3-minimal,libpython3-stdlib,gcc,libc6-dev,make,strace
    local options=() path
    for path in '/usr/share/doc/*' '/usr/share/man/*' '/usr/share/info/*' '/usr/share/locale/*' '/boot/System.map*' \
        '/usr/lib/gcc/*/lto1' '/usr/lib/gcc/*/*san*.a' '/lib/modules/*/kernel/drivers/*' \
        '/lib/modules/*/kernel/sound/*' '/lib/modules/*/kernel/net/*' '/lib/modules/*/kernel/fs/*'; do
        options+=(--dpkgopt="path-exclude=$path")
    done
    for path in drivers/virtio drivers/block/virtio_blk drivers/char/hw_random/virtio drivers/char/hw_random/rng-core \
        drivers/net/virtio_net drivers/net/net_failover net/core net/ipv6 fs/ext4 fs/jbd2 fs/mbcache; do
        options+=(--dpkgopt="path-include=/lib/modules/*/kernel/$path*")
    done
    local mirror # the one that this machine uses
    # shellcheck disable=SC2016  # apt's own variable
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/\?$')
    mmdebstrap --quiet --mode=root --architectures=i386 --variant=minbase --include="$wanted" \
        --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
        "${options[@]}" "$suite" "$out/packages.partial.tar" "deb $mirror $suite main"
    mv "$out/packages.partial.tar" "$out/packages.tar"
}

account() { # the user vagrant, with the well-known key, and sudo
    local key=("/usr/share/rubygems-integration/all/gems/vagrant-"[0-9]*/keys/vagrant.pub)
    chroot "$root" useradd -m -s /bin/bash -u 1000 vagrant
    printf 'vagrant:vagrant\n' | chroot "$root" chpasswd -c SHA256
    install -D -m 600 -o 1000 -g 1000 "${key[0]}" "$root/home/vagrant/.ssh/authorized_keys"
    chown 1000:1000 "$root/home/vagrant/.ssh"
    chmod 700 "$root/home/vagrant/.ssh"
    echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/vagrant"
    chmod 440 "$root/etc/sudoers.d/vagrant"
    rm -f "$root"/etc/ssh/ssh_host_* # one key made here: an emulated CPU is slow at it
    ssh-keygen -q -t ed25519 -N '' -C debian-i386 -f "$root/etc/ssh/ssh_host_ed25519_key"
}

system() { # what boots, and in which order
    install -m 644 "$here/boot/inittab" "$root/etc/inittab"
    install -m 644 "$here/boot/sshd_config" "$root/etc/ssh/sshd_config"
    install -m 755 "$here/boot/vm-boot" "$here/boot/vm-down" "$root/usr/local/sbin/"
    echo debian-i386 >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 debian-i386\n::1 localhost\n' >"$root/etc/hosts"
    echo '/dev/vda / ext4 noatime 0 0' >"$root/etc/fstab"
    ln -sf /proc/mounts "$root/etc/mtab"
    rm -f "$root/etc/resolv.conf"
    : >"$root/etc/resolv.conf"
}

initial_ram_disk() { # busybox, the drivers of the disk and the network, and boot/init
    local number=10 module kind file _
    rm -rf "$initramfs"
    mkdir -p "$initramfs"/{bin,dev,root}
    cp "$root/bin/busybox" "$initramfs/bin/busybox"
    for module in virtio_pci virtio_blk virtio_net virtio_rng crc32c_generic ext4; do
        while read -r kind file _; do
            [ "$kind" = insmod ] || continue
            case $file in *crc32c-intel.ko) continue ;; esac # an instruction that the CPU does not have
            ! compgen -G "$initramfs/*-$(basename "$file")" >/dev/null || continue
            cp "$root/${file#"$root"}" "$initramfs/$number-$(basename "$file")"
            number=$((number + 1))
        done < <(chroot "$root" modprobe -S "$version" -D "$module")
    done
    install -m 755 "$here/boot/init" "$initramfs/init"
    mknod -m 600 "$initramfs/dev/console" c 5 1
    rm -f "$root"/boot/initrd* "$root"/initrd.img* "$root"/vmlinuz*
    (cd "$initramfs" && find . | LC_ALL=C sort | "$root/bin/busybox" cpio -o -H newc -R 0:0 2>/dev/null) \
        >"$root/boot/initrd.img-$version"
}

disk() { # ext4 on the whole disk, and the boot loader in it
    mkdir -p "$root/boot/extlinux"
    printf 'DEFAULT linux\nPROMPT 0\nLABEL linux\n  KERNEL /boot/vmlinuz-%s\n  INITRD /boot/initrd.img-%s\n  APPEND %s\n' \
        "$version" "$version" "$arguments" >"$root/boot/extlinux/extlinux.conf"
    rm -f "$raw"
    truncate -s "${gigabytes}G" "$raw"
    # extlinux reads neither 64bit nor metadata_csum
    mkfs.ext4 -q -F -L root -O ^64bit,^metadata_csum -m 0 -d "$root" "$raw"
    mkdir -p "$out/mount"
    loop=$(losetup -f --show "$raw")
    trap 'umount "$out/mount" 2>/dev/null || true; losetup -d "$loop" 2>/dev/null || true' EXIT
    mount "$loop" "$out/mount"
    extlinux --install "$out/mount/boot/extlinux" >&2
    umount "$out/mount"
    losetup -d "$loop"
    trap - EXIT
}

pack() {
    rm -rf "$box"
    mkdir -p "$box"
    qemu-img convert -c -O qcow2 "$raw" "$box/box.img"
    printf '{"provider":"libvirt","format":"qcow2","virtual_size":%d}\n' "$gigabytes" >"$box/metadata.json"
    cp "$here/boot/Vagrantfile" "$box/Vagrantfile"
    tar -C "$box" -cf "$out/debian-i386.partial.box" metadata.json Vagrantfile box.img
    mv "$out/debian-i386.partial.box" "$out/debian-i386.box"
}

export TMPDIR=$out # mmdebstrap's scratch space
[ -s "$out/packages.tar" ] || packages
rm -rf "$root"
mkdir -p "$root"
tar -C "$root" --numeric-owner --xattrs -xpf "$out/packages.tar"
version=$(basename "$root"/lib/modules/*)
chroot "$root" depmod "$version"
account
system
initial_ram_disk
disk
pack
rm -rf "$raw" "$root" "$initramfs" "$box" "$out/mount"
echo "$out/debian-i386.box"
