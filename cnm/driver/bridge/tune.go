// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
			faults = append(faults, sysctl("ipv6/conf/"+n.link+"/disable_ipv6", "0"), sysctl("ipv6/conf/"+n.link+"/accept_ra", "0"))
			if !n.Internal {
				faults = append(faults, forward6())
			}
		case !n.Internal:
			faults = append(faults, sysctl("ipv4/ip_forward", "1"), sysctl("ipv4/conf/"+n.link+"/route_localnet", "1"))
		}
	}
	if !has6 {
		_ = sysctl("ipv6/conf/"+n.link+"/disable_ipv6", "1") // a kernel without IPv6 has no such file
	}
	return errors.Join(faults...)
}

// forward6 turns IPv6 forwarding on. A host that forwards takes no router
// advertisements any more, and would lose its default route, unless told to take
// them all the same: accept_ra is 2 then (ip-sysctl.rst).
func forward6() error {
	if value, err := setting("ipv6/conf/all/forwarding"); err != nil || value == "1" {
		return err
	}
	links, err := os.ReadDir("/proc/sys/net/ipv6/conf")
	if err != nil {
		return fmt.Errorf("list links: %w", err)
	}
	for _, link := range links {
		key := "ipv6/conf/" + link.Name() + "/accept_ra"
		if value, err := setting(key); err == nil && value == "1" && link.Name() != "all" {
			if err := sysctl(key, "2"); err != nil {
				return err
			}
		}
	}
	return sysctl("ipv6/conf/all/forwarding", "1")
}

func sysctl(key, value string) error {
	if now, err := setting(key); err == nil && now == value {
		return nil
	}
	if err := os.WriteFile(filepath.Join("/proc/sys/net", key), []byte(value), 0o644); err != nil {
		return fmt.Errorf("sysctl net/%s: %w", key, err)
	}
	return nil
}

// setting reads a switch.
func setting(key string) (string, error) {
	value, err := os.ReadFile(filepath.Join("/proc/sys/net", key))
	if err != nil {
		return "", fmt.Errorf("sysctl net/%s: %w", key, err)
	}
	return strings.TrimSpace(string(value)), nil
}
