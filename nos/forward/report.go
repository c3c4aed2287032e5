// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/talk"
)

// RuleReport is how a rule of an access list was used since its flows were written, by
// all ports that have the list. The default of a list is a rule without number.
type RuleReport struct {
	ACL     string
	Number  string // "" for the default
	Action  string
	Packets uint64
	Bytes   uint64
}

// StormReport is how a limit of a port was used since it was set.
type StormReport struct {
	Port    string
	Kind    Kind
	Rate    uint32 // frames per second
	Passed  uint64 // frames
	Dropped uint64 // frames
}

// ACLs returns how the access lists that ports have are used, in the order of lists and
// rules. Errors: Unavailable.
func (p *Part) ACLs(ctx context.Context) ([]RuleReport, error) {
	t, want, conn, err := p.now(ctx)
	if err != nil || t == nil {
		return nil, err
	}
	held, err := read(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("read the flows of br-switch: %w", err)
	}
	var list []RuleReport
	at := make(map[string]int)
	for i := range want.Flows {
		f := &want.Flows[i]
		if len(f.Path) < 3 || f.Path[0] != "acls" {
			continue
		}
		key := strings.Join(f.Path, " ")
		if _, seen := at[key]; !seen {
			at[key] = len(list)
			list = append(list, newRuleReport(t, f.Path))
		}
		if f.Table == TableACLDefault && f.Priority == defaultNeighbours {
			continue // passes whatever the default is
		}
		n := held.counts[f.key()]
		r := &list[at[key]]
		r.Packets, r.Bytes = r.Packets+n.packets, r.Bytes+n.bytes
	}
	return list, nil
}

func newRuleReport(t *tree.Tree, path []string) RuleReport {
	r := RuleReport{ACL: path[1]}
	leaf := path
	if path[2] == "rules" {
		r.Number = path[3]
		leaf = append(slices.Clone(path), "action")
	}
	r.Action, _ = t.Get(leaf...) // the flow is of this configuration
	return r
}

// Storms returns how the limits of ports are used, in the order of ports. Errors: Unavailable.
func (p *Part) Storms(ctx context.Context) ([]StormReport, error) {
	t, want, conn, err := p.now(ctx)
	if err != nil || t == nil {
		return nil, err
	}
	stats, err := conn.MeterStats(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the meters of br-switch: %w", err)
	}
	var list []StormReport
	for _, m := range want.Meters {
		if m.bits() {
			continue // no storm
		}
		r := StormReport{Port: m.Port, Kind: m.Kind, Rate: m.Rate}
		for _, s := range stats {
			if s.MeterID == m.ID && len(s.Bands) > 0 {
				r.Dropped = s.Bands[0].Packets
				r.Passed = s.Packets - min(r.Dropped, s.Packets)
			}
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b StormReport) int { return strings.Compare(a.Port, b.Port) })
	return list, nil
}

// now returns the configuration that holds, nil if there is none, and what it makes of the bridge.
func (p *Part) now(ctx context.Context) (*tree.Tree, Set, *talk.Conn, error) {
	t, err := p.running(ctx)
	if err != nil || t == nil || bare(t) {
		return nil, Set{}, nil, err
	}
	conn, facts, err := p.await(ctx)
	if err != nil {
		return nil, Set{}, nil, err
	}
	return t, Flows(t, facts), conn, nil
}
