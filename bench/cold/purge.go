// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/linkspan/linkspan/bench/stand"
)

// cache is the flow cache of a host's ovs-vswitchd. What was forgotten there
// stays a while as an order to ask the controller, which a pair that never spoke
// does not have.
type cache struct{ socket string }

func cacheOf(s *stand.Stand, host string) (cache, error) {
	dir, err := s.Inside(host, "/run/openvswitch")
	if err != nil {
		return cache{}, err
	}
	pid, err := os.ReadFile(filepath.Join(dir, "ovs-vswitchd.pid"))
	if err != nil {
		return cache{}, err
	}
	return cache{filepath.Join(dir, "ovs-vswitchd."+strings.TrimSpace(string(pid))+".ctl")}, nil
}

// purge empties the cache (ovs-vswitchd(8), revalidator/purge; the socket speaks
// JSON-RPC 1.0).
func (c cache) purge() error {
	conn, err := (&net.Dialer{Timeout: answerTime}).DialContext(context.Background(), "unix", c.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte(`{"method":"revalidator/purge","params":[],"id":0}`)); err != nil {
		return err
	}
	var answer struct{ Error any }
	if err := json.NewDecoder(conn).Decode(&answer); err != nil {
		return err
	}
	if answer.Error != nil {
		return fmt.Errorf("revalidator/purge: %v", answer.Error)
	}
	return nil
}
