// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/bench/process"
)

// controller is a program under measurement.
type controller struct {
	name    string
	process *process.Process
	cores   int    // that it can use
	address string // OpenFlow over TCP, host:port
}

// startTime bounds how long a controller may take until it listens.
const startTime = 30 * time.Second

// launch starts a program and waits until it listens.
func launch(ctx context.Context, name string, cores int, address string, c process.Command) (*controller, error) {
	p, err := process.Start(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := p.Listening(ctx, "tcp", address); err != nil {
		p.Stop()
		return nil, err
	}
	return &controller{name, p, cores, address}, nil
}

// linkspan is Linkspan's controller with its other addresses.
type linkspan struct {
	*controller
	socket, api, secure, profiles string
}

func startLinkspan(ctx context.Context, program, dir string) (*linkspan, error) {
	a, err := addresses(4)
	if err != nil {
		return nil, err
	}
	l := &linkspan{socket: filepath.Join(dir, "linkspan.sock"), api: a[0], secure: a[1], profiles: a[3]}
	l.controller, err = launch(ctx, "Linkspan", runtime.NumCPU(), a[2], process.Command{
		Path: program, Log: filepath.Join(dir, "linkspan.log"),
		Args: []string{
			"serve", "controller", "--state-dir", filepath.Join(dir, "state"), "--socket", l.socket,
			"--listen", a[0], "--advertise", "127.0.0.1", "--openflow", a[1], "--openflow-plain", a[2], "--pprof", a[3],
		},
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := l.process.Listening(ctx, "unix", l.socket); err != nil {
		l.process.Stop()
		return nil, err
	}
	return l, nil
}

// startPeer starts ovs-testcontroller. It has one thread. Its flows are idle
// for 60 s, and as PacketIns come without a buffer it answers each with a
// FlowMod and a PacketOut.
func startPeer(ctx context.Context, program, dir string) (*controller, error) {
	a, err := addresses(1)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(a[0])
	if err != nil {
		return nil, err
	}
	return launch(ctx, "ovs-testcontroller", 1, a[0], process.Command{
		Path: program, Log: filepath.Join(dir, "peer.log"),
		Args: []string{
			"-O", "OpenFlow13", "-vsyslog:off", "-vconsole:warn", "--max-idle=60",
			"--unixctl=" + filepath.Join(dir, "peer.ctl"), "ptcp:" + port + ":" + host,
		},
	})
}

// respondCommand makes this program an ofload.Responder at an address. As a
// process of its own its CPU time is counted like a controller's.
const respondCommand = "respond"

func startEcho(ctx context.Context, dir string) (*controller, error) {
	a, err := addresses(1)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return launch(ctx, "echo (decides nothing)", runtime.NumCPU(), a[0], process.Command{
		Path: self, Args: []string{respondCommand, a[0]}, Log: filepath.Join(dir, "echo.log"),
	})
}

func respond(ctx context.Context, address string) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	r := ofload.Responder{Answer: ofload.Echo()}
	return r.Serve(ctx, l)
}

// addresses returns n loopback addresses that were free a moment ago.
func addresses(n int) ([]string, error) {
	list := make([]string, n)
	for i := range list {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed when all are chosen
		if err != nil {
			return nil, err
		}
		defer l.Close()
		list[i] = l.Addr().String()
	}
	return list, nil
}
