// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Identity names one process of one boot of the machine.
type Identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks between boot and its start, proc(5) field 22
	Boot  string `json:"boot"`  // the kernel's boot_id
}

// Find returns the identity of the live process pid, as /proc numbers it.
// The error wraps fs.ErrNotExist when there is none.
func Find(pid int) (Identity, error) { return find(strconv.Itoa(pid)) }

// Self returns the identity of the calling process as the mounted /proc numbers
// it, which in a new PID namespace is the number outside until /proc is mounted
// anew.
func Self() (Identity, error) { return find("self") }

func find(entry string) (Identity, error) {
	s, err := readStat(entry)
	if err != nil {
		return Identity{}, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Identity{}, fmt.Errorf("read the boot id: %w", err)
	}
	return Identity{PID: s.pid, Start: s.start, Boot: strings.TrimSpace(string(boot))}, nil
}

// Alive reports whether this very process still runs. One that has ended and
// was not reaped yet counts as gone.
func (id Identity) Alive() bool {
	if id.PID <= 0 {
		return false
	}
	now, err := Find(id.PID)
	if err != nil || now != id {
		return false
	}
	s, err := readStat(strconv.Itoa(id.PID))
	return err == nil && s.start == id.Start && s.state != 'Z' && s.state != 'X'
}

type stat struct {
	pid   int
	state byte
	start uint64
}

func readStat(entry string) (stat, error) {
	raw, err := os.ReadFile(filepath.Join("/proc", entry, "stat"))
	if err != nil {
		return stat{}, err
	}
	return parseStat(raw)
}

// parseStat reads what proc(5) describes. The command, in parentheses, may
// itself hold blanks and parentheses, so the fields are counted after the last.
func parseStat(raw []byte) (stat, error) {
	number, _, _ := bytes.Cut(raw, []byte(" "))
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return stat{}, fmt.Errorf("process status %.60q is not as in proc(5)", raw)
	}
	pid, err := strconv.Atoi(string(number))
	if err != nil {
		return stat{}, fmt.Errorf("process number: %w", err)
	}
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return stat{}, fmt.Errorf("start time of process %d: %w", pid, err)
	}
	return stat{pid: pid, state: fields[0][0], start: start}, nil
}
