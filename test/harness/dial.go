// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/vishvananda/netns"
)

// Root returns a path, outside of the node, to a file of the node.
func (l *Lab) Root(t *testing.T, node, path string) string {
	t.Helper()
	pid := l.pid(t, node)
	return filepath.Join("/proc", strconv.Itoa(pid), "root", path)
}

func (l *Lab) pid(t *testing.T, node string) int {
	t.Helper()
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range s.Nodes {
		if n.Name == node && n.On {
			return n.PID
		}
	}
	t.Fatalf("%s is not on", node)
	return 0
}

// Dial connects to host:port, an address and no name, from within a node. For
// the network "unix" the address is a path in the node.
func (l *Lab) Dial(t *testing.T, node, network, address string) (net.Conn, error) {
	t.Helper()
	d := net.Dialer{Timeout: 10 * time.Second}
	if network == "unix" {
		return d.DialContext(t.Context(), network, l.Root(t, node, address))
	}
	pid := l.pid(t, node)
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result, 1)
	go func() {
		// The thread ends with the goroutine, as it is never unlocked: it is in
		// another namespace for good.
		runtime.LockOSThread()
		conn, err := dialIn(t.Context(), &d, pid, network, address)
		done <- result{conn, err}
	}()
	r := <-done
	return r.conn, r.err
}

func dialIn(ctx context.Context, d *net.Dialer, pid int, network, address string) (net.Conn, error) {
	space, err := netns.GetFromPid(pid)
	if err != nil {
		return nil, fmt.Errorf("network namespace of process %d: %w", pid, err)
	}
	defer space.Close()
	if err := netns.Set(space); err != nil {
		return nil, os.NewSyscallError("setns", err)
	}
	return d.DialContext(ctx, network, address)
}
