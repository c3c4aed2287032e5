// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Features without a command of their own are set by name (linux/ethtool.h,
// ETHTOOL_SFEATURES): the kernel lists the names, and a name's place in the list
// is its bit.
const (
	getCount, getStrings, setByName = 0x37, 0x1b, 0x3b

	featureSet  = 4  // ETH_SS_FEATURES
	featureName = 32 // bytes, ETH_GSTRING_LEN
	maxFeatures = 1024
)

// setFeatures sets features of a link to on; names that the kernel does not have
// are left out.
func setFeatures(fd int, link string, on bool, names ...string) error {
	known, err := featureNames(fd, link)
	if err != nil {
		return fmt.Errorf("list features of %s: %w", link, err)
	}
	blocks := (len(known) + 31) / 32
	// struct ethtool_sfeatures: command, blocks, then (valid, requested) of each.
	arg := make([]uint32, 2+2*blocks)
	arg[0], arg[1] = setByName, uint32(blocks)
	for _, name := range names {
		if i, ok := known[name]; ok {
			arg[2+i/32*2] |= 1 << (i % 32)
			if on {
				arg[3+i/32*2] |= 1 << (i % 32)
			}
		}
	}
	if err := ethtoolAt(fd, link, unsafe.Pointer(&arg[0])); err != nil {
		return fmt.Errorf("set %v of %s to %v: %w", names, link, on, err)
	}
	return nil
}

// featureNames returns each feature's bit.
func featureNames(fd int, link string) (map[string]int, error) {
	// struct ethtool_sset_info with room for one length.
	count := struct {
		command, reserved uint32
		mask              uint64
		length            uint32
	}{command: getCount, mask: 1 << featureSet}
	if err := ethtoolAt(fd, link, unsafe.Pointer(&count)); err != nil {
		return nil, err
	}
	if count.mask == 0 || count.length == 0 || count.length > maxFeatures {
		return nil, fmt.Errorf("%w: %d features", unix.EOPNOTSUPP, count.length)
	}
	// struct ethtool_gstrings: command, set, length, then the names.
	list := make([]byte, 12+featureName*count.length)
	binary.NativeEndian.PutUint32(list, getStrings)
	binary.NativeEndian.PutUint32(list[4:], featureSet)
	binary.NativeEndian.PutUint32(list[8:], count.length)
	if err := ethtoolAt(fd, link, unsafe.Pointer(&list[0])); err != nil {
		return nil, err
	}
	known := make(map[string]int, count.length)
	for i := range int(count.length) {
		name, _, _ := bytes.Cut(list[12+featureName*i:][:featureName], []byte{0})
		known[string(name)] = i
	}
	return known, nil
}
