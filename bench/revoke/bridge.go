// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"
)

// bridge is a host's br-link, and the control socket of its ovs-vswitchd, which speaks
// JSON-RPC 1.0 (ovs-vswitchd(8)).
type bridge struct{ socket string }

func (b bridge) ask(method string, params ...string) (string, error) {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(context.Background(), "unix", b.socket)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	if params == nil {
		params = []string{} // with null no answer ever comes
	}
	if err := json.NewEncoder(conn).Encode(map[string]any{"id": 0, "method": method, "params": params}); err != nil {
		return "", err
	}
	var answer struct {
		Result string
		Error  any
	}
	if err := json.NewDecoder(conn).Decode(&answer); err != nil {
		return "", fmt.Errorf("%s: %w", method, err)
	}
	if answer.Error != nil {
		return "", fmt.Errorf("%s: %v", method, answer.Error)
	}
	return answer.Result, nil
}

// traces is what there is of a stream on both hosts.
type traces struct {
	flows, entries int
	known          []string // the entries of connection tracking
}

// traces returns a function that counts what is left of what runs between two.
func (s *stage) traces(from, to *end) func() (traces, error) {
	return func() (t traces, err error) {
		for _, b := range s.bridges {
			flows, err := b.ask("bridge/dump-flows", "br-link")
			if err != nil {
				return t, err
			}
			known, err := b.ask("dpctl/dump-conntrack")
			if err != nil {
				return t, err
			}
			t.flows += countFlows(flows, from, to)
			t.known = append(t.known, entriesOf(known, from, to)...)
		}
		t.entries = len(t.known)
		return t, nil
	}
}

// countFlows counts the flows by which packets of connections that one opens to the other
// leave: not those that drop, nor those that do nothing but have connection tracking look
// at it.
func countFlows(text string, from, to *end) (n int) {
	for line := range strings.Lines(text) {
		there := strings.Contains(line, "nw_src="+from.address.String()+",nw_dst="+to.address.String()+",")
		back := strings.Contains(line, "nw_src="+to.address.String()+",nw_dst="+from.address.String()+",")
		if (there || back) && strings.Contains(line, "output:") && !otherWay(line, back) {
			n++
		}
	}
	return n
}

// otherWay says whether a flow is for connections that are opened the other way, which may
// go on, or for fragments of both, which are of no use without the first of a packet.
func otherWay(flow string, back bool) bool {
	switch {
	case strings.Contains(flow, "nw_frag=later"):
		return true
	case back:
		return strings.Contains(flow, "-rpl")
	}
	return strings.Contains(flow, "+rpl")
}

// entriesOf returns the TCP connections that the one opened to the other's port, or that
// seem to have been opened the other way round.
func entriesOf(text string, from, to *end) (found []string) {
	for line := range strings.Lines(text) {
		there := strings.HasPrefix(line, fmt.Sprintf("tcp,orig=(src=%s,dst=%s,", from.address, to.address)) && strings.Contains(line, fmt.Sprintf(",dport=%d),reply", port))
		back := strings.HasPrefix(line, fmt.Sprintf("tcp,orig=(src=%s,dst=%s,sport=%d,", to.address, from.address, port))
		if there || back {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}
