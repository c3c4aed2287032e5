// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/lab"
)

// localSocket is where the process of this host listens.
const localSocket = "/run/linkspan/linkspan.sock"

// target says whom the command speaks to.
type target struct {
	socket string
	lab    string
}

func (t *target) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&t.socket, "socket", os.Getenv("LINKSPAN_SOCKET"), "speak to the process behind this `file` (LINKSPAN_SOCKET)")
	flags.StringVar(&t.lab, "lab", os.Getenv("LINKSPAN_LAB"), "speak to the controller of the lab of this `name` (LINKSPAN_LAB)")
	for _, name := range []string{"socket", "lab"} {
		flags.Lookup(name).DefValue = "" // help is the same in every environment
	}
}

// client connects to: the socket that was named; the lab that was named; this
// host's own process; the only lab there is.
func (t *target) client() (*api.Client, error) {
	path, err := t.path()
	if err != nil {
		return nil, err
	}
	return api.Unix(path), nil
}

func (t *target) path() (string, error) {
	if t.socket != "" {
		return t.socket, nil
	}
	if t.lab != "" {
		l, err := lab.Open("", t.lab)
		if err != nil {
			return "", err
		}
		return l.Socket(), nil
	}
	if answers(context.Background(), localSocket) {
		return localSocket, nil
	}
	return onlyLab("")
}

// onlyLab finds the one lab that is up in a folder of labs, "" for the usual.
func onlyLab(dir string) (string, error) {
	labs, err := lab.List(dir)
	if err != nil {
		return "", err
	}
	var up, names []string
	for _, l := range labs {
		if l.Up && l.Socket != "" {
			up, names = append(up, l.Socket), append(names, l.Name)
		}
	}
	switch len(up) {
	case 1:
		return up[0], nil
	case 0:
		return "", &linkspan.Error{
			Code: linkspan.Unavailable, Message: "no linkspan process runs on this host",
			Hint: "start one with linkspan serve, try linkspan lab up, or name one with --socket",
		}
	}
	return "", &linkspan.Error{
		Code: linkspan.Conflict, Message: "several labs are up: " + strings.Join(names, ", "),
		Hint: "name one with --lab",
	}
}

// answers says whether somebody listens on a local socket.
func answers(ctx context.Context, path string) bool {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// answersNow asks without a deadline of the caller's.
func answersNow(path string) bool { return answers(context.Background(), path) }

// serving returns where a role of this host listens.
func (t *target) serving() string {
	if t.socket != "" {
		return t.socket
	}
	return localSocket
}
