// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/tree"
)

// Shows returns what can be shown: acl and storm.
func (p *Part) Shows() []show.Item {
	return []show.Item{
		{
			Name: "acl", Help: "Access lists of ports and what their rules let through", Show: p.showACL,
			Args: []show.Arg{{Name: "acl", Help: "Only this one", Values: p.names("acls")}},
		},
		{
			Name: "storm", Help: "Limits of ports for frames to many, and what they dropped", Show: p.showStorm,
			Args: []show.Arg{{Name: "port", Help: "Only this one", Values: p.names("ports")}},
		},
	}
}

// names returns what tells the entries of a list that runs.
func (p *Part) names(list string) func(context.Context) []string {
	return func(ctx context.Context) (names []string) {
		t, err := p.running(ctx)
		if err != nil || t == nil {
			return nil
		}
		for e := range t.Root().Child(list).Entries() {
			names = append(names, e.Key()[0])
		}
		return names
	}
}

// one refuses a name that a list does not have.
func (p *Part) one(ctx context.Context, list, what string, args []string) error {
	if len(args) == 0 {
		return nil
	}
	t, err := p.running(ctx)
	if err == nil && (t == nil || !t.Root().Child(list).Entry(args[0]).There()) {
		err = &linkspan.Error{Code: linkspan.NotFound, Message: "there is no " + what + " " + args[0]}
	}
	return err
}

// running returns the configuration that holds, nil if there is none.
func (p *Part) running(ctx context.Context) (*tree.Tree, error) {
	if err := p.take(ctx); err != nil {
		return nil, err
	}
	defer p.give()
	return p.tree, nil
}

func (p *Part) showACL(ctx context.Context, args []string) (show.Report, error) {
	if err := p.one(ctx, "acls", "access list", args); err != nil {
		return show.Report{}, err
	}
	rules, err := p.ACLs(ctx)
	if err != nil {
		return show.Report{}, err
	}
	t, err := p.running(ctx)
	if err != nil {
		return show.Report{}, err
	}
	lists := show.Table{Name: "acls", Columns: []string{"acl", "ports"}}
	counts := show.Table{Name: "rules", Columns: []string{"acl", "rule", "action", "packets", "bytes"}}
	if t != nil {
		ports := ACLPorts(t)
		for e := range t.Root().Child("acls").Entries() {
			if name := e.Key()[0]; len(args) == 0 || args[0] == name {
				lists.Rows = append(lists.Rows, []any{name, ports[name]})
			}
		}
	}
	for _, r := range rules {
		if len(args) > 0 && args[0] != r.ACL {
			continue
		}
		number := r.Number
		if number == "" {
			number = "default"
		}
		counts.Rows = append(counts.Rows, []any{r.ACL, number, r.Action, r.Packets, r.Bytes})
	}
	return show.Report{Tables: []show.Table{lists, counts}}, nil
}

func (p *Part) showStorm(ctx context.Context, args []string) (show.Report, error) {
	if err := p.one(ctx, "ports", "port", args); err != nil {
		return show.Report{}, err
	}
	limits, err := p.Storms(ctx)
	if err != nil {
		return show.Report{}, err
	}
	t := show.Table{Name: "limits", Columns: []string{"port", "frames", "per_second", "passed", "dropped"}}
	for _, l := range limits {
		if len(args) == 0 || args[0] == l.Port {
			t.Rows = append(t.Rows, []any{l.Port, l.Kind.String(), uint64(l.Rate), l.Passed, l.Dropped})
		}
	}
	return show.Report{Tables: []show.Table{t}}, nil
}
