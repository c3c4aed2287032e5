// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/linkspan/linkspan/nos/tree"
)

const sysctls = "/proc/sys/net"

// forwarding returns the step that has the kernel route, once there is an interface of a
// VLAN. It is not undone: Docker and others rely on it, too.
func (l coming) forwarding(old, new *tree.Tree) []step {
	if root(old).Child("vlans").Same(root(new).Child("vlans")) || old != nil && len(routed(old)) >= len(routed(new)) {
		return nil
	}
	var steps []step
	for _, family := range routed(new) {
		s := step{do: func(context.Context) error { return forward(family) }}
		if old != nil {
			s.text = "route packets of " + family
		}
		steps = append(steps, s)
	}
	return steps
}

// routed returns the families of which interfaces of VLANs have addresses.
func routed(t *tree.Tree) []string {
	var v4, v6 bool
	for e := range root(t).Child("vlans").Entries() {
		for _, a := range e.Child("interface").Child("address").Values() {
			v6 = v6 || strings.Contains(a, ":")
			v4 = v4 || !strings.Contains(a, ":")
		}
	}
	var families []string
	if v4 {
		families = append(families, "ipv4")
	}
	if v6 {
		families = append(families, "ipv6")
	}
	return families
}

// forward has the kernel route. Interfaces that listened to routers go on doing so
// (net.ipv6.conf.accept_ra: 1 listens unless packets are routed, 2 always).
func forward(family string) error {
	if family == "ipv4" {
		return set("ipv4/ip_forward", "1")
	}
	listening, err := filepath.Glob(filepath.Join(sysctls, "ipv6/conf/*/accept_ra"))
	if err != nil {
		return err
	}
	for _, path := range listening {
		name := strings.TrimPrefix(path, sysctls+"/")
		if value, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(value)) == "1" {
			if err := set(name, "2"); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return set("ipv6/conf/all/forwarding", "1")
}

// set sets a value of the kernel, if it is another one.
func set(name, value string) error {
	path := filepath.Join(sysctls, name)
	if have, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(have)) == value {
		return nil
	}
	if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
		return fmt.Errorf("set %s to %s: %w", name, value, err)
	}
	return nil
}
