// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const testToken = "token-of-the-test"

// TestMain lets the test program be what a lab starts: the first process of a
// node, and stand-ins for the linkspan roles that answer on their sockets.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if role, ok := roles()[os.Args[1]]; ok {
			if err := role(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func roles() map[string]func(args []string) error {
	return map[string]func([]string) error{
		"lab-host": func(args []string) error { return RunHost(context.Background(), args[0]) },
		"lab-up":   upStandIn,
		"serve":    serveStandIn,
		"switch":   tokenStandIn,
	}
}

// upStandIn is `linkspan lab up`, to be killed.
func upStandIn(args []string) error {
	_, err := Up(context.Background(), Config{StateDir: args[0], Name: "killed", Hosts: 2, Bare: true})
	return err
}

// serveStandIn answers where `linkspan serve controller` and `serve switch` do;
// a switch insists on its token, and that it comes before dockerd.
func serveStandIn(args []string) error {
	sockets := []string{"/run/linkspan/linkspan.sock"}
	if args[0] == "switch" {
		token, err := os.ReadFile(args[4])
		if err != nil || string(token) != testToken+"\n" || args[2] != "198.18.0.2:7443" {
			return fmt.Errorf("arguments %q, token %q, %w", args, token, err)
		}
		if _, err := os.Stat("/run/docker.sock"); err == nil {
			return errors.New("dockerd was started before the switch")
		}
		sockets = append(sockets, "/run/docker/plugins/linkspan.sock")
	}
	for _, socket := range sockets {
		if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
			return err
		}
		l, err := net.Listen("unix", socket)
		if err != nil {
			return err
		}
		go http.Serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
	defer stop()
	<-ctx.Done()
	return nil
}

// tokenStandIn is `linkspan switch token -q`: it needs the controller's socket.
func tokenStandIn(args []string) error {
	if strings.Join(args, " ") != "token -q" {
		return fmt.Errorf("arguments %q", args)
	}
	conn, err := net.Dial("unix", os.Getenv("LINKSPAN_SOCKET"))
	if err != nil {
		return err
	}
	fmt.Println(testToken)
	return conn.Close()
}
