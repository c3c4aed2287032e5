// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// Feature is a part of the kernel that may be missing.
type Feature uint8

// The features that drivers need.
const (
	Bridge Feature = iota
	Veth
	VLAN
	Macvlan
	VXLAN
	Nftables
)

// words returns what a person calls the feature, the options of the kernel's
// configuration, and the module.
func (f Feature) words() (name, option, module string) {
	switch f {
	case Bridge:
		return "bridges", "CONFIG_BRIDGE", "bridge"
	case Veth:
		return "veth links", "CONFIG_VETH", "veth"
	case VLAN:
		return "802.1q links", "CONFIG_VLAN_8021Q", "8021q"
	case Macvlan:
		return "macvlan links", "CONFIG_MACVLAN", "macvlan"
	case VXLAN:
		return "vxlan links", "CONFIG_VXLAN", "vxlan"
	default:
		return "nftables with address translation", "CONFIG_NF_TABLES, CONFIG_NFT_NAT, CONFIG_NFT_MASQ and CONFIG_NFT_FIB_INET", "nf_tables"
	}
}

// Explain returns err with what to do about it when it says that the feature is
// missing; the error then has code Unavailable. Any other error stays.
func (f Feature) Explain(err error) error {
	missing := errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT)
	if !missing {
		return err
	}
	return f.missing(err)
}

// Missing is the error for a feature that was found to be missing.
func (f Feature) Missing() error { return f.missing(nil) }

func (f Feature) missing(err error) error {
	name, option, module := f.words()
	return &linkspan.Error{
		Code:    linkspan.Unavailable,
		Message: "the kernel has no " + name + " (" + option + ")",
		Hint:    "load the module with: modprobe " + module + "; if there is none, install a kernel of the distribution, as Debian's linux-image-amd64",
		Err:     err,
	}
}
