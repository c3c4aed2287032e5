// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const (
	// askStep is the pause between two looks at a condition.
	askStep = 10 * time.Millisecond
	// askTimeout bounds one look, so that a program that accepts and never
	// answers is asked again.
	askTimeout = 2 * time.Second
)

// condition is something that can be seen from outside of a program. The look
// gets the program's number.
type condition struct {
	what string
	met  func(ctx context.Context, pid int) bool
}

// await returns true once the condition is met, false when ctx ends before.
func (c condition) await(ctx context.Context, pid int) bool {
	for ctx.Err() == nil {
		look, cancel := context.WithTimeout(ctx, askTimeout)
		met := c.met(look, pid)
		cancel()
		if met {
			return true
		}
		pause(ctx, askStep)
	}
	return false
}

// pause returns after d, or when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// listening is met when something accepts on the unix socket.
func listening(path string) condition {
	return condition{what: "a listener on " + path, met: func(ctx context.Context, _ int) bool {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	}}
}

// present is met when the node's folder has the file.
func present(dir *os.Root, name string) condition {
	return condition{what: "the file " + name, met: func(context.Context, int) bool {
		_, err := dir.Stat(name)
		return err == nil
	}}
}

// joined is met when a switch answers for the fabric, too: before, there is its
// configuration alone behind the socket, and all else is unavailable.
func joined(path string) condition {
	const question = "http://switch/linkspan.v1.SystemService/Version"
	client := over(path)
	return condition{what: "a switch that has joined on " + path, met: func(ctx context.Context, _ int) bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, question, strings.NewReader("{}"))
		if err != nil {
			return false
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}}
}

// over returns a client that speaks to whoever listens on the unix socket.
func over(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
}

// pings is met when the Docker engine behind the socket answers a ping.
func pings(path string) condition {
	client := over(path)
	return condition{what: "an answer on " + path, met: func(ctx context.Context, _ int) bool {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/_ping", nil)
		if err != nil {
			return false
		}
		resp, err := client.Do(req)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}}
}

// commandable is met when ovs-vswitchd answers a command on its control socket,
// which is JSON-RPC 1.0 and served by its main loop (ovs-vswitchd(8)).
func commandable(folder string) condition {
	return condition{what: "an answer of " + VSwitchd, met: func(ctx context.Context, pid int) bool {
		path := fmt.Sprintf("%s/%s.%d.ctl", folder, VSwitchd, pid)
		conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
		if err != nil {
			return false
		}
		defer conn.Close()
		if deadline, ok := ctx.Deadline(); ok {
			_ = conn.SetDeadline(deadline)
		}
		if _, err := conn.Write([]byte(`{"id":0,"method":"version","params":[]}`)); err != nil {
			return false
		}
		var answer struct {
			Result string `json:"result"`
		}
		return json.NewDecoder(conn).Decode(&answer) == nil && answer.Result != ""
	}}
}
