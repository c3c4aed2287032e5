// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan/test/harness"
)

// settling is the time of quiet in which everything has to be right after a
// round, with its many kills at once, on a machine that does other work beside.
const settling = 30 * time.Second

// quiet checks, with nothing under way, that everything is as it should be,
// and notes how long that takes.
func (w *world) quiet() {
	w.t.Helper()
	w.retry()
	w.revive()
	start := time.Now()
	w.addresses()
	for _, network := range slices.Sorted(maps.Keys(w.networks)) {
		w.reach(network)
	}
	w.slowest = max(w.slowest, time.Since(start))
	w.flows()
}

// revive starts again what dockerd stopped when it was told to end: with
// live-restore it lets containers run, but not when the only ones on its host
// are just starting (its Shutdown looks for running ones first).
func (w *world) revive() {
	w.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(w.containers)) {
		r := w.containers[name]
		w.mu.Lock()
		stopped := w.ended[r.Host] == w.round
		w.mu.Unlock()
		if !stopped {
			continue
		}
		state := w.l.Try(r.Host, "docker", "inspect", "-f", "{{.State.Status}}", name)
		if strings.TrimSpace(state.Out) == "exited" {
			w.perform(&action{"docker run", r.start})
			w.count("stopped by a dockerd that was told to end")
		}
	}
}

// addresses checks that Docker and the controller agree who has which address,
// and that nobody has another's.
func (w *world) addresses() {
	w.t.Helper()
	harness.Eventually(w.t, fmt.Sprintf("round %d: the controller lists what the containers have", w.round), func() error {
		want, err := w.inDocker()
		if err != nil {
			return err
		}
		listed, err := w.l.Lines("endpoint", "ls", "--format", "{{.Network}} {{.Address}} {{.Container}}")
		if err != nil {
			return err
		}
		listed = slices.DeleteFunc(listed, func(line string) bool {
			return strings.HasPrefix(line, "base ") || w.left.over(line, want)
		})
		if diff := cmp.Diff(want, listed, cmpopts.EquateEmpty()); diff != "" {
			return fmt.Errorf("-docker +controller:\n%s", diff)
		}
		return nil
	})
}

// inDocker lists network, address and name of every container, sorted; two of
// one address are a failure at once.
func (w *world) inDocker() ([]string, error) {
	var list []string
	owner := make(map[string]string)
	for _, host := range w.l.Hosts() {
		r := w.l.Try(host, "sh", "-c", `docker ps -q --filter name=^s | xargs -r docker inspect -f `+
			`'{{$n := .Name}}{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{$v.IPAddress}} {{slice $n 1}}{{end}}'`)
		if r.Exit != 0 {
			return nil, fmt.Errorf("%v", r)
		}
		for line := range strings.Lines(r.Out) {
			line = strings.TrimSpace(line)
			at := line[:strings.LastIndexByte(line, ' ')]
			if owner[at] != "" {
				w.t.Fatalf("round %d: two containers have one address: %q and %q", w.round, owner[at], line)
			}
			owner[at] = line
			list = append(list, line)
		}
	}
	if len(list) != len(w.containers) {
		return nil, fmt.Errorf("%d containers run of %d: %q\n%s", len(list), len(w.containers), list, w.missing(list))
	}
	slices.Sort(list)
	return list, nil
}

// missing says what Docker has of the containers that are not listed.
func (w *world) missing(listed []string) string {
	var told strings.Builder
	for name, r := range w.containers {
		if slices.ContainsFunc(listed, func(line string) bool { return strings.HasSuffix(line, " "+name) }) {
			continue
		}
		out := r.Lab.Try(r.Host, "docker", "inspect", "-f",
			"{{.Name}} {{json .State}} restarted {{.RestartCount}} networks {{json .NetworkSettings.Networks}}", name)
		fmt.Fprintf(&told, "%s: %v\n", r.Host, out)
	}
	return told.String()
}

// reach checks that some pairs of the network's containers reach each other.
func (w *world) reach(network string) {
	w.t.Helper()
	var members []*resident
	for _, name := range slices.Sorted(maps.Keys(w.containers)) {
		if r := w.containers[name]; r.network == network {
			members = append(members, r)
		}
	}
	for i := range min(4, len(members)-1) {
		from, to := members[i], members[len(members)-1-i]
		if from == to {
			to = members[0]
		}
		address := to.Address(w.t, network)
		harness.Eventually(w.t, fmt.Sprintf("round %d: %s of %s reaches %s of %s at %s", w.round, from.Name, from.Host, to.Name, to.Host, address),
			func() error {
				if r := from.Try("/probe", "ask", "-wait", "2s", "tcp", address+":"+harness.Port); r.Out != to.Name {
					return fmt.Errorf("%v\n%s", r, w.about(from, to))
				}
				return nil
			})
	}
}

// about tells what the hosts of two containers hold of them.
func (w *world) about(all ...*resident) string {
	var text strings.Builder
	for _, r := range all {
		address := w.l.Try(r.Host, "docker", "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", r.Name).Out
		fmt.Fprintf(&text, "%s of %s is %s\n%s\n%s\n", r.Name, r.Host, address,
			w.l.TryCLI("endpoint", "inspect", r.Host+"/"+r.Name, "-o", "json").Out, r.Try("ip", "addr").Out)
		for _, host := range w.l.Hosts() {
			flows := w.l.Try(host, "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "br-link")
			for line := range strings.Lines(flows.Out) {
				if strings.Contains(line, address) {
					fmt.Fprintf(&text, "%s: %s", host, line)
				}
			}
		}
	}
	for _, host := range w.l.Hosts() {
		fmt.Fprintf(&text, "%s:\n%s\n%s\n", host, w.l.Try(host, "ovs-vsctl", "--format=csv", "--no-headings",
			"--columns=name,ofport,error,external_ids", "list", "interface").Out, w.l.Try(host, "docker", "ps", "-a").Out)
	}
	return text.String()
}

// flows checks that each flow is of a known kind and about endpoints there are.
func (w *world) flows() {
	w.t.Helper()
	harness.Eventually(w.t, fmt.Sprintf("round %d: no flow is unknown", w.round), func() error {
		listed, err := w.l.Lines("endpoint", "ls", "--format", "{{.Address}}")
		if err != nil {
			return err
		}
		for _, host := range w.l.Hosts() {
			flows := w.l.Try(host, "ovs-ofctl", "-O", "OpenFlow13", "--no-stats", "dump-flows", "br-link")
			if err := succeeded(flows); err != nil { // ovs-vswitchd may just be coming back
				return fmt.Errorf("%s: %w", host, err)
			}
			for flow := range strings.Lines(flows.Out) {
				if err := knownFlow(flow, listed); err != nil {
					return fmt.Errorf("%s: %w", host, err)
				}
			}
		}
		return nil
	})
}

func knownFlow(flow string, addresses []string) error {
	_, kind, found := strings.Cut(flow, "cookie=0x")
	if !found {
		return nil // the head of the list
	}
	if kind[0] != '1' && kind[0] != '2' {
		return fmt.Errorf("a flow of nobody: %s", flow)
	}
	for _, field := range []string{"nw_src=", "arp_spa="} {
		_, rest, has := strings.Cut(flow, field)
		address, _, _ := strings.Cut(rest, ",")
		address, _, _ = strings.Cut(address, " ")
		if has && !strings.Contains(address, "/") && strings.HasPrefix(address, "10.") && !slices.Contains(addresses, address) {
			return fmt.Errorf("a flow of an endpoint that is gone: %s", flow)
		}
	}
	return nil
}
