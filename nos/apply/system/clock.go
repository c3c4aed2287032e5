// SPDX-License-Identifier: Apache-2.0

package system

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// clock is a program that sets the host's clock.
type clock struct {
	program string // below the root; it is there if the program is installed
	file    string // of ours, that it reads beside its own
	text    func(servers []string) string
	reload  []string // the command that has it read the file
}

// reloadTime is how long a program may take to read its files.
const reloadTime = 10 * time.Second

// clocks returns the programs that are installed.
func (p *Part) clocks() []clock {
	var all []clock
	for _, c := range []clock{
		{"usr/sbin/chronyd", "etc/chrony/sources.d/linkspan.sources", chrony, []string{"chronyc", "reload", "sources"}},
		{"lib/systemd/systemd-timesyncd", "etc/systemd/timesyncd.conf.d/linkspan.conf", timesyncd, []string{"systemctl", "try-restart", "systemd-timesyncd"}},
	} {
		if _, err := os.Stat(filepath.Join(p.options.Root, c.program)); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// chrony returns a file of sources (chrony.conf(5)).
func chrony(servers []string) string {
	text := notice
	for _, s := range servers {
		text += "server " + s + " iburst\n"
	}
	return text
}

// timesyncd returns a piece of timesyncd.conf(5).
func timesyncd(servers []string) string {
	return notice + "[Time]\nNTP=" + strings.Join(servers, " ") + "\n"
}

// told has the program that reads a file read it. One that does not run reads it when it
// starts; programs read no files below another root.
func (p *Part) told(ctx context.Context, file string) {
	if p.options.Root != "/" {
		return
	}
	for _, c := range p.clocks() {
		if c.file != file {
			continue
		}
		short, cancel := context.WithTimeout(ctx, reloadTime)
		if out, err := exec.CommandContext(short, c.reload[0], c.reload[1:]...).CombinedOutput(); err != nil {
			p.options.Log.Warn("a program does not read its time servers anew", slog.String("command", strings.Join(c.reload, " ")), slog.Any("error", err), slog.String("output", string(out)))
		}
		cancel()
	}
}
