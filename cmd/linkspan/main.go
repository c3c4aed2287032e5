// SPDX-License-Identifier: Apache-2.0

// Command linkspan is the door of the house: flags, configuration, wiring. One
// file per role (serve_*.go) and per noun; nothing is decided here.
package main

import (
	"context"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}
