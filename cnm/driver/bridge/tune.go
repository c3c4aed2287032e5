// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"

	"github.com/linkspan/linkspan/cnm/driver/kernel"
)

// tune sets what a bridge needs of the stack: forwarding where there is a way
// out, and the way in from 127.0.0.1 for published ports, which the filter
// closes for everybody else.
func (n network) tune() error {
	var faults []error
	has6 := false
	for _, f := range n.families() {
		switch {
		case f.index == 1:
			has6 = true
			faults = append(faults, kernel.Sysctl("ipv6/conf/"+n.link+"/disable_ipv6", "0"), kernel.Sysctl("ipv6/conf/"+n.link+"/accept_ra", "0"))
			if !n.Internal {
				faults = append(faults, kernel.Forward6())
			}
		case !n.Internal:
			faults = append(faults, kernel.Sysctl("ipv4/ip_forward", "1"), kernel.Sysctl("ipv4/conf/"+n.link+"/route_localnet", "1"))
		}
	}
	if !has6 {
		_ = kernel.Sysctl("ipv6/conf/"+n.link+"/disable_ipv6", "1") // a kernel without IPv6 has no such file
	}
	return errors.Join(faults...)
}
