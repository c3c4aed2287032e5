// SPDX-License-Identifier: Apache-2.0

package lldp

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/wire/packet"
)

// end is one end of a cable.
type end struct {
	mac    packet.MAC
	in     chan []byte
	out    chan<- []byte
	closed chan struct{}
	once   *sync.Once
}

func (e *end) MAC() packet.MAC { return e.mac }

func (e *end) Read(b []byte) (int, error) {
	select {
	case frame := <-e.in:
		return copy(b, frame), nil
	case <-e.closed:
		return 0, fs.ErrClosed
	}
}

func (e *end) Write(frame []byte) (int, error) {
	select {
	case e.out <- frame:
	default: // nobody listens
	}
	return len(frame), nil
}

func (e *end) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}

// cable has two ends, which are opened again and again.
type cable struct{ a, b chan []byte }

func newCable() *cable { return &cable{make(chan []byte, 64), make(chan []byte, 64)} }

func (c *cable) left() Line {
	return &end{packet.MAC{2, 0, 0, 0, 0, 1}, c.a, c.b, make(chan struct{}), new(sync.Once)}
}
func (c *cable) right() Line {
	return &end{packet.MAC{2, 0, 0, 0, 0, 2}, c.b, c.a, make(chan struct{}), new(sync.Once)}
}

// system is a speaker that runs.
type system struct {
	*Speaker
	t    *testing.T
	tree *tree.Tree
	stop func()
}

// begin runs a speaker with these devices.
func begin(t *testing.T, commands string, devices map[string]func() Line) *system {
	s := &system{t: t, Speaker: New(Options{
		Description: "a switch", Chassis: func() (packet.MAC, bool) { return packet.MAC{}, false },
		Open: func(name string) (Line, error) {
			if open := devices[name]; open != nil {
				return open(), nil
			}
			return nil, errors.New("no such device")
		}})}
	s.commit(commands)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(ctx) }()
	s.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(s.stop)
	return s
}

func (s *system) commit(commands string) config.Plan {
	s.t.Helper()
	base, err := schema.Base()
	if err != nil {
		s.t.Fatal(err)
	}
	next, err := tree.New(base).Load(tree.Commands, []byte(commands))
	if err != nil {
		s.t.Fatal(err)
	}
	plan, err := s.Plan(s.t.Context(), s.tree, next)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := plan.Apply(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	s.tree = next
	return plan
}
