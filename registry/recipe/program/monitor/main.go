// SPDX-License-Identifier: Apache-2.0

// Command monitor tells Prometheus, and who asks for JSON, what passes through the interfaces
// of a network namespace, and how its host is. It reads /proc alone and writes nothing.
//
//	monitor                           on TCP port 9101 and on its socket
//	monitor -listen "" -socket FILE   on the socket alone
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", ":9101", "`address` that is served; empty: none")
	socket := flag.String("socket", "/run/linkspan/bus/monitor.sock", "unix `socket` that is served; empty: none")
	proc := flag.String("proc", "/proc", "`folder` that is read")
	health := flag.Bool("check", false, "only say whether one that runs answers")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	var err error
	if *health {
		err = check(*listen, *socket)
	} else {
		err = serve(ctx, handler(*proc), *listen, *socket)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "monitor:", err)
		os.Exit(1)
	}
}

// serve answers until ctx ends.
func serve(ctx context.Context, h http.Handler, listen, socket string) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	var listeners []net.Listener
	if listen != "" {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
		if err != nil {
			return err
		}
		listeners = append(listeners, l)
	}
	if socket != "" {
		l, err := unix(ctx, socket)
		if err != nil {
			return err
		}
		listeners = append(listeners, l)
	}
	ended := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { ended <- server.Serve(l) }()
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	deadline, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	return server.Shutdown(deadline)
}

// unix listens on a socket, in the place of one that nobody listens on any more.
func unix(ctx context.Context, path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return (&net.ListenConfig{}).Listen(ctx, "unix", path)
}

// check asks one that runs.
func check(listen, socket string) error {
	network, address := "unix", socket
	if socket == "" {
		network, address = "tcp", listen
	}
	client := http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}}
	question, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://monitor/healthz", nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(question)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return nil
}
