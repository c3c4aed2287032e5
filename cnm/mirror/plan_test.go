// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

var update = flag.Bool("update", false, "rewrite the stories in testdata")

// A story is a file of cases: a comment, what is observed, a line of dashes,
// what is planned. The words of an observation:
//
//	fabric ID NAME SUBNET [driver=D] [swarm=DOCKERID]
//	                                         the fabric has this network
//	docker ID NAME [label=ID] [driver=D] [swarm]
//	                                         dockerd lists this network; later lines are younger
//	model ID SUBNET [bound=ID] [name=NAME] [internal] [gateway=A] [range=P] [mtu=N] [OPTION=VALUE]
//	note ID DOCKERID                         it was shown here before
//	old DOCKERID                             only dockerd knows it, for long enough
func TestPlanStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { tell(t, file) })
	}
}

func tell(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, one := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		given, _, _ := strings.Cut(one, "\n----")
		o := parseObserved(t, given)
		var b strings.Builder
		fmt.Fprintf(&b, "%s\n----", given)
		for _, a := range plan(o) {
			fmt.Fprintf(&b, "\n%s", a)
		}
		out = append(out, b.String())
	}
	got := strings.Join(out, "\n\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), got); diff != "" {
		t.Errorf("the story is told differently (-file +now; rewrite with -update):\n%s", diff)
	}
}

func parseObserved(t *testing.T, text string) observed {
	t.Helper()
	o := observed{model: make(map[string]cnm.Network), notes: make(map[linkspan.NetworkID]string), old: make(map[string]bool)}
	for i, line := range strings.Split(text, "\n") {
		w := strings.Fields(line)
		if len(w) == 0 || w[0] == "#" {
			continue
		}
		switch w[0] {
		case "fabric":
			n := linkspan.Network{ID: networkID(t, w[1]), Name: w[2], Subnet: netip.MustParsePrefix(w[3])}
			for _, word := range w[4:] {
				if id, ok := strings.CutPrefix(word, "swarm="); ok {
					n.Labels = map[string]string{labelSwarm: id}
					continue
				}
				n.Driver = linkspan.Driver(strings.TrimPrefix(word, "driver="))
			}
			n.ApplyDefaults()
			o.fabric = append(o.fabric, n)
		case "docker":
			d := Network{ID: w[1], Name: w[2], Created: time.Unix(int64(i), 0), Labels: make(map[string]string)}
			for _, word := range w[3:] {
				if driver, ok := strings.CutPrefix(word, "driver="); ok {
					d.Driver = driver
					continue
				}
				if word == "swarm" {
					d.Swarm = true
					continue
				}
				d.Labels[LabelNetwork] = strings.TrimPrefix(word, "label=")
			}
			o.docker = append(o.docker, d)
		case "model":
			o.model[w[1]] = parseModel(t, w[1:])
		case "note":
			o.notes[networkID(t, w[1])] = w[2]
		case "old":
			o.old[w[1]] = true
		default:
			t.Fatalf("what is %q?", line)
		}
	}
	return o
}

func parseModel(t *testing.T, w []string) cnm.Network {
	t.Helper()
	n := cnm.Network{ID: w[0], Subnet: netip.MustParsePrefix(w[1]), Options: make(map[string]string)}
	n.Gateway = n.Subnet.Addr().Next()
	for _, word := range w[2:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "bound":
			n.Fabric = networkID(t, value)
		case "name":
			n.Name = value
		case "internal":
			n.Internal = true
		case "gateway":
			n.Gateway = netip.MustParseAddr(value)
		case "range":
			n.Range = netip.MustParsePrefix(value)
		default:
			n.Options[key] = value
		}
	}
	return n
}

func networkID(t *testing.T, s string) linkspan.NetworkID {
	t.Helper()
	id, err := linkspan.ParseNetworkID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
