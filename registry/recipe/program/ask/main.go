// SPDX-License-Identifier: Apache-2.0

// Command ask puts one question to a service that answers on a unix socket and then hangs
// up, as HAProxy does, and prints the answer.
//
//	ask /run/haproxy.sock "show stat json"
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// patience is how long an answer may take; most is how long it may be, in bytes.
const (
	patience = 5 * time.Second
	most     = 16 << 20
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "ask: SOCKET QUESTION")
		os.Exit(2)
	}
	if err := ask(os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ask:", err)
		os.Exit(1)
	}
}

func ask(socket, question string, out io.Writer) error {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, question+"\n"); err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(c, most))
	if err == nil && n == 0 {
		err = errors.New("there is no answer")
	}
	return err
}
