#!/usr/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# First process of the machine: mounts what every system has, runs /command on
# the second serial port, tells how it ended, and switches off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null # there already
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
modprobe tun # static device nodes are udev's work
ip link set lo up
stty -F /dev/ttyS1 raw -echo
exec </dev/null >/dev/ttyS1 2>&1
sh /command
echo "machine: exit status $?"
sync
poweroff -f
