// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab/cgroup"
)

// Lack is something that a lab needs and the machine does not have.
type Lack struct {
	What string // "dockerd is missing"
	Fix  string // "apt-get install docker.io"
}

// Preflight returns what keeps this machine from having a lab; nothing when it
// may have one.
func Preflight() []Lack { return Config{Dockerd: "dockerd"}.lacks() }

// need is a program that a lab needs, and how to get it.
type need struct{ program, fix string }

func (c Config) lacks() []Lack {
	var lacks []Lack
	if os.Geteuid() != 0 {
		lacks = append(lacks, Lack{"a lab needs root", "run it with sudo"})
	}
	needs := []need{
		{"ovsdb-server", "apt-get install openvswitch-switch"},
		{"ovsdb-tool", "apt-get install openvswitch-switch"},
		{"ovs-vswitchd", "apt-get install openvswitch-switch"},
		{"nsenter", "apt-get install util-linux"},
	}
	if !c.NoDocker {
		needs = append([]need{
			{c.Dockerd, "apt-get install docker.io"},
			{"docker", "apt-get install docker.io (or docker-cli)"},
			{"containerd", "apt-get install containerd"},
			{"runc", "apt-get install runc"},
		}, needs...)
	}
	for _, p := range needs {
		if _, err := lookPath(p.program); err != nil {
			lacks = append(lacks, Lack{p.program + " is missing", p.fix})
		}
	}
	lacks = append(lacks, busyboxLack()...)
	return append(lacks, kernelLacks()...)
}

func busyboxLack() []Lack {
	const fix = "apt-get install busybox-static"
	path, err := lookPath("busybox")
	if err != nil {
		return []Lack{{"busybox is missing", fix}}
	}
	program, err := elf.Open(path)
	if err != nil {
		return []Lack{{"busybox cannot be read", fix}}
	}
	defer program.Close()
	for _, part := range program.Progs {
		if part.Type == elf.PT_INTERP {
			return []Lack{{"busybox is not the static one", fix}}
		}
	}
	return nil
}

func kernelLacks() []Lack {
	var lacks []Lack
	if points, err := cgroup.Mounts(); err != nil || len(points) == 0 {
		lacks = append(lacks, Lack{"no control groups are mounted", "mount -t cgroup2 cgroup2 /sys/fs/cgroup"})
	}
	for _, kind := range []string{"net", "mnt", "pid", "uts", "ipc"} {
		if _, err := os.Stat("/proc/self/ns/" + kind); err != nil {
			lacks = append(lacks, Lack{"the kernel has no " + kind + " namespaces", "use a kernel that has them"})
		}
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		lacks = append(lacks, Lack{"/dev/net/tun is missing", "modprobe tun"})
	}
	return lacks
}

// lackError is nil when nothing is lacking, else has the code Unavailable and
// lists everything.
func lackError(lacks []Lack) error {
	if len(lacks) == 0 {
		return nil
	}
	var what, fixes []string
	for _, l := range lacks {
		what, fixes = append(what, l.What), append(fixes, l.Fix)
	}
	return &linkspan.Error{
		Code: linkspan.Unavailable, Op: "lab up",
		Message: strings.Join(what, "; "), Hint: strings.Join(unique(fixes), "; "),
	}
}

func unique(list []string) []string {
	seen := map[string]bool{}
	var kept []string
	for _, s := range list {
		if !seen[s] {
			kept = append(kept, s)
		}
		seen[s] = true
	}
	return kept
}

// searchPath is the caller's PATH and the folders where the packages put
// daemons, which a plain user's PATH lacks.
func searchPath() string {
	const daemons = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	if path := os.Getenv("PATH"); path != "" {
		return path + ":" + daemons
	}
	return daemons
}

// lookPath is exec.LookPath on searchPath.
func lookPath(program string) (string, error) {
	if strings.Contains(program, "/") {
		return exec.LookPath(program)
	}
	for _, dir := range filepath.SplitList(searchPath()) {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}
	return "", &exec.Error{Name: program, Err: errors.New("not found")}
}
