// SPDX-License-Identifier: Apache-2.0

package ovs

import "github.com/vishvananda/netlink"

// kernelDatapath says whether the kernel has Open vSwitch. Asking for the
// generic netlink family loads the module where there is one; the column
// datapath_types cannot tell, it always lists "system".
func kernelDatapath() bool {
	_, err := netlink.GenlFamilyGet("ovs_datapath")
	return err == nil
}

func datapathType(kernel bool) string {
	if kernel {
		return "system"
	}
	return "netdev"
}
