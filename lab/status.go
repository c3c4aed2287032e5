// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"net/netip"
	"time"

	"github.com/linkspan/linkspan/lab/boot"
)

// Status is what a lab is and how it does.
type Status struct {
	Name     string       `json:"name"`
	Dir      string       `json:"dir"`
	Up       bool         `json:"up"` // complete, and every node runs
	Created  time.Time    `json:"created"`
	Underlay netip.Prefix `json:"underlay"`
	Socket   string       `json:"socket,omitempty"` // the controller's
	Nodes    []Node       `json:"nodes"`
}

// Node is one host, the controller or the fabric.
type Node struct {
	Name       string           `json:"name"`
	Address    netip.Addr       `json:"address"` // in the underlay; zero for the fabric
	On         bool             `json:"on"`
	PID        int              `json:"pid,omitempty"` // its first process, outside
	Components []boot.Component `json:"components"`
}

// Ready reports whether the node is on and all its programs answer, but those
// that were stopped on purpose.
func (n Node) Ready() bool {
	return n.On && len(boot.State{Components: n.Components}.Pending()) == 0
}

// Status looks at every node of the lab.
func (l *Lab) Status(ctx context.Context) (Status, error) {
	s := Status{
		Name: l.Name(), Dir: l.dir, Up: l.intact(), Created: l.record.Created,
		Underlay: l.record.Config.Underlay, Socket: l.Socket(), Nodes: []Node{},
	}
	for _, name := range l.nodes() {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		n, err := l.look(name)
		if err != nil {
			return s, err
		}
		s.Nodes = append(s.Nodes, n)
	}
	return s, nil
}

func (l *Lab) look(name string) (Node, error) {
	n := Node{Name: name, Address: l.Address(name), Components: []boot.Component{}}
	init := readInit(l.node(name))
	if !init.Alive() {
		return n, nil
	}
	state, known, err := boot.ReadState(l.node(name))
	if err != nil {
		return n, err
	}
	n.On, n.PID = true, init.PID
	if known {
		n.Components = state.Components
	}
	return n, nil
}
