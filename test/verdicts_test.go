// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
	"github.com/linkspan/linkspan/test/verdicts"
)

// TestVerdicts plays the table of verdicts with containers, which send the packet of
// each row. The package of the table asks the pure decider for the same rows.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	table, err := verdicts.Read()
	if err != nil {
		t.Fatal(err)
	}
	w := newTown(t, own(t, lab.Config{Hosts: len(table.Hosts())}), table)
	for _, s := range table.Scenes {
		t.Run(s.Name, func(t *testing.T) {
			w.say(t, s)
			w.known(t, s)
			w.play(t, s)
		})
	}
}

// say makes what a scene says so, and takes it back at the end of the test.
func (w *town) say(t *testing.T, s *verdicts.Scene) {
	t.Helper()
	for _, g := range s.Groups {
		w.CLI(t, append([]string{"group", "create", g.Name}, g.Networks...)...)
		t.Cleanup(func() { w.CLI(t, "group", "rm", g.Name) })
	}
	for _, link := range s.Links {
		verb := map[linkspan.LinkVerdict]string{linkspan.LinkAllow: "connect", linkspan.LinkDeny: "disconnect"}[link.Verdict]
		w.CLI(t, verb, w.host(link.A), w.host(link.B))
		t.Cleanup(func() { w.CLI(t, "link", "clear", w.host(link.A), w.host(link.B)) })
	}
	text, err := s.File()
	if err != nil || len(text) == 0 {
		return
	}
	file := filepath.Join(t.TempDir(), "policies.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	w.CLI(t, "policy", "apply", "-f", file)
	rm := []string{"policy", "rm"}
	for i := range s.Policies {
		rm = append(rm, s.Policies[i].Name)
	}
	t.Cleanup(func() { w.CLI(t, rm...) })
}

// known waits until the controller, asked for a dry run, says of the rows what the table
// does: then it knows what was said, and all labels.
func (w *town) known(t *testing.T, s *verdicts.Scene) {
	t.Helper()
	var rows []*verdicts.Row
	req := &apiv1.PolicyServiceTestRequest{}
	for i := range s.Rows {
		r := &s.Rows[i]
		if r.By == verdicts.ByNobody || r.By == verdicts.ByAmbiguous {
			continue // it is asked about endpoints, not about addresses
		}
		rows = append(rows, r)
		req.Conversations = append(req.Conversations, &apiv1.PolicyConversation{From: w.name(r.From), To: w.name(r.To), Ports: r.What.String()})
	}
	client := api.Unix(w.Socket())
	defer client.Close()
	harness.Eventually(t, "the dry run says what the table does", func() error {
		resp, err := client.Policies.Test(t.Context(), connect.NewRequest(req))
		if err != nil {
			return err
		}
		var wrong []error
		for i, effect := range resp.Msg.GetConversations() {
			by, _ := rows[i].Policy()
			if got := effect.GetBefore(); got.GetAction() != rows[i].Verdict.String() || got.GetPolicy() != by {
				wrong = append(wrong, fmt.Errorf("table.txt:%d: %v", rows[i].Line, got))
			}
		}
		return errors.Join(wrong...)
	})
}

// attempts is how often a row is sent that has not the verdict of the table: a change
// is known to the switches a moment after the controller knows it.
const attempts = 3

// play has the packets of all rows sent, all at once.
func (w *town) play(t *testing.T, s *verdicts.Scene) {
	t.Helper()
	wrong := slices.Clone(s.Rows)
	for n := range attempts {
		got := w.send(t, wrong, n)
		wrong = slices.DeleteFunc(wrong, func(r verdicts.Row) bool { return got[r.Number] == r.Verdict.String() })
		for _, r := range wrong {
			said := t.Logf
			if n == attempts-1 {
				said = t.Errorf
			}
			said("table.txt:%d: %s to %s, %s: %s; want %s by %s", r.Line, r.From, r.To, r.What, got[r.Number], r.Verdict, r.By)
			if n > 0 {
				w.tell(t, r)
			}
		}
		if len(wrong) == 0 {
			return
		}
	}
}

// tell logs what the hosts have of the two ends of a row.
func (w *town) tell(t *testing.T, r verdicts.Row) {
	t.Helper()
	from, _ := w.table.Address(r.From)
	to, _ := w.table.Address(r.To)
	about := func(line string) bool { return hasAll(line, []string{from.String(), to.String()}) }
	for _, host := range w.Hosts() {
		flows := strings.Split(w.On(t, host, "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "br-link"), "\n")
		known := strings.Split(w.On(t, host, "ovs-appctl", "dpctl/dump-conntrack"), "\n")
		for _, line := range slices.Concat(flows, known) {
			if about(line) {
				t.Logf("%s: %s", host, line)
			}
		}
	}
}

// host returns the name of a container with its host.
func (w *town) host(name string) string { return w.table.Container(name).Host + "/" + name }

// name returns the whole name of a container's endpoint.
func (w *town) name(name string) string {
	c := w.table.Container(name)
	_, network := verdicts.There(c.Network)
	return c.Host + "/" + name + "." + network
}
