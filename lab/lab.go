// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/lab/process"
)

// Lab is one lab. It keeps no connection and no process of its own: any number
// of them, in any number of programs, may stand for the same lab. Its methods
// may be called concurrently.
type Lab struct {
	dir    string
	record record
}

// RunHost is the first process of a node; see the package's introduction.
func RunHost(ctx context.Context, specFile string) error { return boot.Run(ctx, specFile) }

// Open returns the lab of that name, also one that is half made or half dead;
// empty arguments mean the defaults. The error has the code NotFound when there
// is none.
func Open(stateDir, name string) (*Lab, error) {
	cfg, err := Config{StateDir: stateDir, Name: name}.Default()
	if err != nil {
		return nil, err
	}
	if err := validateName(cfg.Name); err != nil {
		return nil, err
	}
	if _, err := os.Stat(cfg.dir()); errors.Is(err, fs.ErrNotExist) {
		return nil, &linkspan.Error{
			Code: linkspan.NotFound, Message: fmt.Sprintf("there is no lab %q", cfg.Name),
			Hint: "linkspan lab up --name " + cfg.Name,
		}
	}
	r, err := readRecord(cfg.dir())
	if err != nil {
		return nil, err
	}
	return &Lab{dir: cfg.dir(), record: r}, nil
}

// Summary is one line about a lab.
type Summary struct {
	Name    string    `json:"name"`
	Hosts   int       `json:"hosts"`
	Up      bool      `json:"up"` // complete, and every node runs
	Socket  string    `json:"socket,omitempty"`
	Created time.Time `json:"created"`
}

// List returns the labs in stateDir (DefaultStateDir when empty) by name, half
// made and half dead ones included.
func List(stateDir string) ([]Summary, error) {
	if stateDir == "" {
		stateDir = DefaultStateDir
	}
	entries, err := os.ReadDir(stateDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list labs: %w", err)
	}
	list := []Summary{}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		l, err := Open(stateDir, entry.Name())
		if err != nil {
			return nil, err
		}
		list = append(list, Summary{
			Name: l.Name(), Hosts: l.record.Config.Hosts, Up: l.intact(),
			Socket: l.Socket(), Created: l.record.Created,
		})
	}
	return list, nil
}

// Name returns the lab's name.
func (l *Lab) Name() string { return filepath.Base(l.dir) }

// Dir returns the lab's folder.
func (l *Lab) Dir() string { return l.dir }

// Hosts returns the names of the hosts, in order.
func (l *Lab) Hosts() []string {
	names := make([]string, 0, l.record.Config.Hosts)
	for i := range l.record.Config.Hosts {
		names = append(names, hostName(i+1))
	}
	return names
}

// Socket returns the path of the controller's local socket, "" in a bare lab.
func (l *Lab) Socket() string {
	if l.record.Config.Bare {
		return ""
	}
	return controllerSocket(l.dir)
}

// DockerSocket returns a path, outside of the lab, to the host's engine. It
// changes when the host is booted again.
func (l *Lab) DockerSocket(host string) (string, error) {
	init, err := l.init(host)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("/proc/%d/root/run/docker.sock", init.PID), nil
}

// Address returns the node's address in the underlay; the zero Addr for a name
// that is no host or controller.
func (l *Lab) Address(node string) netip.Addr {
	if node == controllerNode && !l.record.Config.Bare {
		return l.record.Config.controllerAddr()
	}
	for i, name := range l.Hosts() {
		if name == node {
			return l.record.Config.hostAddr(i + 1)
		}
	}
	return netip.Addr{}
}

// LogFile returns the path of what a program of the node printed.
func (l *Lab) LogFile(node, program string) string {
	return filepath.Join(l.node(node), boot.LogDir, program+".log")
}

func (l *Lab) node(name string) string { return filepath.Join(l.dir, name) }

// nodes returns the names of the nodes that the lab should have.
func (l *Lab) nodes() []string {
	names := []string{fabricNode}
	if !l.record.Config.Bare {
		names = append(names, controllerNode)
	}
	return append(names, l.Hosts()...)
}

// intact reports whether the lab was built to its end and every node runs.
func (l *Lab) intact() bool {
	for _, name := range l.nodes() {
		if !readInit(l.node(name)).Alive() {
			return false
		}
	}
	return l.record.Complete
}

// init returns the first process of a node that runs.
func (l *Lab) init(node string) (process.Identity, error) {
	if err := l.known(node); err != nil {
		return process.Identity{}, err
	}
	id := readInit(l.node(node))
	if !id.Alive() {
		return id, &linkspan.Error{
			Code: linkspan.Unavailable, Message: fmt.Sprintf("%s of lab %s is off", node, l.Name()),
			Hint: fmt.Sprintf("linkspan lab down --name %s, then linkspan lab up", l.Name()),
		}
	}
	return id, nil
}

// known returns an error with the code NotFound for a name that is no node.
func (l *Lab) known(node string) error {
	names := l.nodes()[1:] // nobody enters the fabric
	for _, name := range names {
		if name == node {
			return nil
		}
	}
	return &linkspan.Error{
		Code: linkspan.NotFound, Message: fmt.Sprintf("lab %s has no host %q", l.Name(), node),
		Hint: "it has " + strings.Join(names, ", "),
	}
}
