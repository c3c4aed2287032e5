#!/busybox sh
# SPDX-License-Identifier: Apache-2.0
# First process of the initramfs: loads the disk's drivers and goes on there.
/busybox mkdir -p /dev /new
/busybox mount -t devtmpfs dev /dev
i=0
while [ -e /modules/$i.ko ]; do
  /busybox insmod /modules/$i.ko 2>/dev/null # one that is loaded twice complains
  i=$((i + 1))
done
/busybox mount -t ext4 /dev/vda /new && exec /busybox switch_root /new /init
echo 'the disk cannot be mounted'
/busybox poweroff -f
