// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Forward6 turns IPv6 forwarding on. A host that forwards takes no router
// advertisements any more, and would lose its default route, unless told to take
// them all the same: accept_ra is 2 then (ip-sysctl.rst).
func Forward6() error {
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
			if err := Sysctl(key, "2"); err != nil {
				return err
			}
		}
	}
	return Sysctl("ipv6/conf/all/forwarding", "1")
}

// Sysctl sets a switch of /proc/sys/net, unless it is so.
func Sysctl(key, value string) error {
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
