// SPDX-License-Identifier: Apache-2.0

// Command frr brings FRR to what a file says about OSPF and BGP, by the commands that make
// the difference and no others, so that neighbours stay. What else FRR is told is left alone.
//
//	frr check          says whether the file is right
//	frr now            makes it effective
//	frr keep           makes it effective whenever the file changed or a daemon started anew
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	file := flag.String("f", "/etc/frr/linkspan.conf", "`file` with what FRR is to be told")
	sockets := flag.String("run", "/run/frr", "`folder` of the daemons' sockets")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	var err error
	switch flag.Arg(0) {
	case "check":
		_, err = vtysh(ctx, "-C", "-f", *file)
	case "now":
		err = apply(ctx, *file)
	case "keep":
		keep(ctx, *file, *sockets)
	default:
		err = errors.New("check, now or keep is expected")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "frr:", err)
		os.Exit(1)
	}
}

// apply makes the file effective. Without a file there is nothing to say.
func apply(ctx context.Context, file string) error {
	wanted, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	running, err := vtysh(ctx, "-c", "show running-config")
	if err != nil {
		return err
	}
	commands := changes(parse(running), parse(string(wanted)))
	if len(commands) == 0 {
		return nil
	}
	args := []string{"-c", "configure terminal"}
	for _, c := range commands {
		args = append(args, "-c", c)
	}
	_, err = vtysh(ctx, args...)
	return err
}

// vtysh runs FRR's shell. What it cannot do it tells with a percent sign.
func vtysh(ctx context.Context, args ...string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, 30*time.Second)
	defer stop()
	cmd := exec.CommandContext(ctx, "/usr/bin/vtysh", args...)
	var out, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &wrong
	err := cmd.Run()
	var said []string
	for line := range strings.Lines(out.String() + wrong.String()) {
		if strings.HasPrefix(line, "%") || strings.HasPrefix(line, "line ") {
			said = append(said, strings.TrimSpace(line))
		}
	}
	switch {
	case len(said) > 0:
		return "", errors.New(strings.Join(said, "; "))
	case err != nil:
		return "", fmt.Errorf("vtysh: %w: %s", err, strings.TrimSpace(wrong.String()))
	}
	return out.String(), nil
}

// keep applies whenever something changed, until ctx ends.
func keep(ctx context.Context, file, sockets string) {
	last := ""
	for {
		if now := signature(file, sockets); now != last {
			if err := apply(ctx, file); err == nil {
				last = now
			} else if ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, "frr:", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

// signature is another one when the file was written or a daemon started anew.
func signature(file, sockets string) string {
	found, _ := filepath.Glob(filepath.Join(sockets, "*.vty")) // the pattern is right
	var text strings.Builder
	for _, name := range append(found, file) {
		if info, err := os.Stat(name); err == nil {
			fmt.Fprintln(&text, name, info.ModTime().UnixNano(), info.Sys().(*syscall.Stat_t).Ino)
		}
	}
	return text.String()
}
