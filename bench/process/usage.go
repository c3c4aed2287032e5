// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of CPU times in proc(5), USER_HZ, on every Linux port that
// Go runs on.
const tick = 10 * time.Millisecond

// CPU returns the CPU time that the program has used, user and system, all
// threads, to 10 ms.
func (p *Process) CPU() (time.Duration, error) { return CPUOf(p.PID()) }

// CPUOf is CPU of any program, by its number.
func CPUOf(pid int) (time.Duration, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err
}

// Memory returns the resident memory of the program, in bytes.
func (p *Process) Memory() (int64, error) {
	fields, err := stat(p.PID())
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(fields[21], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// stat returns the fields of /proc/PID/stat that follow the program's name,
// which may hold any byte.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	var fields []string
	for f := range bytes.FieldsSeq(text[bytes.LastIndexByte(text, ')')+1:]) {
		fields = append(fields, string(f))
	}
	if len(fields) < 22 {
		return nil, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	return fields, nil
}

// Idle returns how long all processors together have been idle since boot.
func Idle() (time.Duration, error) {
	_, idle, err := processors()
	return idle, err
}

// Busy returns how long all processors together have done anything since boot,
// for programs or in the kernel.
func Busy() (time.Duration, error) {
	busy, _, err := processors()
	return busy, err
}

// processors reads the first line of /proc/stat (proc(5)). Guests are counted
// among the programs already, and what other machines took is nobody's.
func processors() (busy, idle time.Duration, err error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	var user, nice, system, rest, wait, interrupts, soft int64
	if _, err := fmt.Sscanf(string(text), "cpu %d %d %d %d %d %d %d", &user, &nice, &system, &rest, &wait, &interrupts, &soft); err != nil {
		return 0, 0, fmt.Errorf("/proc/stat: %w", err)
	}
	return time.Duration(user+nice+system+interrupts+soft) * tick, time.Duration(rest+wait) * tick, nil
}

// Anonymous returns the resident memory of the program that no file stands
// behind, in bytes: what it took for itself, without its own text and the files
// that it maps.
func (p *Process) Anonymous() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("RssAnon:")); ok {
			var kb int64
			if _, err := fmt.Sscanf(string(rest), "%d kB", &kb); err != nil {
				return 0, fmt.Errorf("/proc/%d/status: %w", p.PID(), err)
			}
			return kb << 10, nil
		}
	}
	return 0, fmt.Errorf("/proc/%d/status has no RssAnon", p.PID())
}
