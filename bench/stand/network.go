// SPDX-License-Identifier: Apache-2.0

package stand

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// appearTime bounds how long a network takes to come to a host.
const appearTime = 30 * time.Second

// Networked waits until a host's dockerd has a network of that name.
func (s *Stand) Networked(ctx context.Context, host, name string) error {
	for until := time.Now().Add(appearTime); ; {
		names, _, err := s.Ask(ctx, host, "network", "ls", "--format", "{{.Name}}")
		if err != nil {
			return err
		}
		if slices.Contains(strings.Fields(names), name) {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("network %s does not come to %s", name, host)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
