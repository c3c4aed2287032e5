// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// Drift compares all of the bridge with the configuration. Without Open vSwitch
// the error is Unavailable, unless the configuration needs none.
func (p *Part) Drift(ctx context.Context, t *tree.Tree) ([]config.Drift, error) {
	s := scope{all: true}
	want, _ := p.wanted(t, s)
	have, err := p.look(ctx, s, want, p.wait(t))
	if err != nil && !Needed(t) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p.address(want, have)
	var all []config.Drift
	for _, d := range differences(want, have.rows) {
		if !d.implied() {
			all = append(all, d.drift()...)
		}
	}
	if have.control > 0 {
		all = append(all, config.Drift{Path: []string{"control"}, Have: strconv.Itoa(have.control) + " OpenFlow controllers of the bridge " + Name})
	}
	return all, nil
}

// implied says that another difference tells of it: of a port that comes or goes its
// devices, of a policy its queues.
func (d difference) implied() bool {
	r := d.row()
	return (d.want == nil || d.have == nil) && (r.table == tableInterface || r.table == tableQueue)
}

// row returns the row that is wanted, or the one that is there.
func (d difference) row() *row {
	if d.want != nil {
		return d.want
	}
	return d.have
}

// drift returns what differs as the configuration names it; of a map each key.
func (d difference) drift() []config.Drift {
	r := d.row()
	path := r.path
	if path == nil {
		path = []string{"switching"}
	}
	switch {
	case d.have == nil:
		return []config.Drift{{Path: path, Want: r.kindName()}}
	case d.want == nil:
		return []config.Drift{{Path: path, Have: r.kindName()}}
	case d.column.kind == pairs:
		return d.keys(path)
	}
	want, have := show(d.column.kind, d.want.cells[d.column.name]), show(d.column.kind, d.have.cells[d.column.name])
	if d.column.leaf == nil {
		return []config.Drift{{Path: path, Want: d.column.name + " " + want, Have: d.column.name + " " + have}}
	}
	leaf := d.column.leaf
	if d.column.name == "tag" && !slices.Contains(d.want.cells["vlan_mode"], "access") {
		leaf = []string{"native-vlan"}
	}
	return []config.Drift{{Path: append(slices.Clone(r.path), leaf...), Want: want, Have: have}}
}

// keys returns the pairs of a map that differ.
func (d difference) keys(path []string) []config.Drift {
	var all []config.Drift
	want, have := d.want.cells[d.column.name], d.have.cells[d.column.name]
	for _, w := range want {
		if !slices.Contains(have, w) {
			key, _, _ := strings.Cut(w, "=")
			all = append(all, config.Drift{Path: path, Want: w, Have: withKey(have, key)})
		}
	}
	for _, h := range have {
		if key, _, _ := strings.Cut(h, "="); withKey(want, key) == "" {
			all = append(all, config.Drift{Path: path, Have: h})
		}
	}
	return all
}

func withKey(cell []string, key string) string {
	for _, pair := range cell {
		if strings.HasPrefix(pair, key+"=") {
			return pair
		}
	}
	return ""
}

// kindName says what a row is to people.
func (r *row) kindName() string {
	switch r.table {
	case tableBridge:
		return "bridge " + r.name
	case tablePort:
		return "port " + r.name + " of " + Name
	case tableMirror:
		return "mirror " + r.name
	case tableQoS:
		return "queues " + r.name
	}
	return r.table
}

// steps says what is to be done about differences.
func steps(all []difference) []string {
	var texts []string
	for _, d := range all {
		switch r := d.row(); {
		case d.implied():
		case d.have == nil:
			texts = append(texts, "add "+r.kindName())
		case d.want == nil:
			texts = append(texts, "remove "+r.kindName())
		default:
			texts = append(texts, fmt.Sprintf("%s: %s %s, was %s", r.kindName(), d.column.name,
				quoted(show(d.column.kind, d.want.cells[d.column.name])), quoted(show(d.column.kind, d.have.cells[d.column.name]))))
		}
	}
	return texts
}

func quoted(text string) string {
	if text == "" {
		return "not set"
	}
	return text
}
