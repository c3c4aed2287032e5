// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Machine is what figures depend on.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory int64  `json:"memory_bytes"`
	Kernel string `json:"kernel"`
	System string `json:"system"`
	Go     string `json:"go"`
}

// ThisMachine describes the machine it runs on (proc(5), os-release(5)).
func ThisMachine() (Machine, error) {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version() + " " + runtime.GOARCH}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return m, err
	}
	m.Kernel = string(bytes.TrimSpace(kernel))
	cpu, err := field("/proc/cpuinfo", "model name", ":")
	if err != nil {
		return m, err
	}
	m.CPU = cpu
	system, err := field("/etc/os-release", "PRETTY_NAME", "=")
	if err != nil {
		return m, err
	}
	m.System = strings.Trim(system, `"`)
	memory, err := field("/proc/meminfo", "MemTotal", ":")
	if err != nil {
		return m, err
	}
	if _, err := fmt.Sscanf(memory, "%d kB", &m.Memory); err != nil {
		return m, fmt.Errorf("read the size of memory: %w", err)
	}
	m.Memory <<= 10
	return m, nil
}

// field returns the first value of a key in a file of lines; it is empty when
// there is none, as some processors have no name.
func field(path, key, separator string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if k, v, ok := strings.Cut(line, separator); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v), nil
		}
	}
	return "", nil
}

// commit returns the commit of the working folder, with a mark when files
// differ from it, or "none".
func commit(ctx context.Context) string {
	id, err := output(ctx, "git", "rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "none"
	}
	if changed, err := output(ctx, "git", "status", "--porcelain", "--untracked-files=no"); err != nil || changed != "" {
		id += " with changes"
	}
	return id
}

// Version returns the first line that a program prints.
func Version(ctx context.Context, name string, args ...string) string {
	text, err := output(ctx, name, args...)
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, err := exec.CommandContext(ctx, name, args...).Output()
	return strings.TrimSpace(string(text)), err
}
