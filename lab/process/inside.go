// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Members returns the identities of all processes in the PID namespace whose
// first process is init; those of namespaces nested in it (containers) are not
// among them.
func Members(init Identity) ([]Identity, error) {
	var members []Identity
	err := each(init, func(id Identity, _ int) bool {
		members = append(members, id)
		return true
	})
	return members, err
}

// Inside returns the identity, in the caller's numbering, of the process that
// has the number inner in the PID namespace whose first process is init. The
// error wraps os.ErrProcessDone when there is none.
func Inside(init Identity, inner int) (Identity, error) {
	var found Identity
	err := each(init, func(id Identity, number int) bool {
		if number == inner {
			found = id
		}
		return number != inner
	})
	if err == nil && found.PID == 0 {
		err = fmt.Errorf("process %d inside of process %d: %w", inner, init.PID, os.ErrProcessDone)
	}
	return found, err
}

// each calls visit with every process of init's PID namespace and its number in
// there, until visit returns false.
func each(init Identity, visit func(id Identity, inner int) bool) error {
	space, err := os.Readlink(link(init.PID))
	if err != nil {
		return fmt.Errorf("PID namespace of process %d: %w", init.PID, err)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		// A process may end between any two of these steps: then it is just not there.
		if other, err := os.Readlink(link(pid)); err != nil || other != space {
			continue
		}
		id, err := Find(pid)
		if err != nil {
			continue
		}
		if inner, ok := innermost(pid); ok && !visit(id, inner) {
			return nil
		}
	}
	return nil
}

func link(pid int) string {
	return filepath.Join("/proc", strconv.Itoa(pid), "ns/pid")
}

// innermost returns the process's number in its own PID namespace: the last
// one in the NSpid line of proc(5).
func innermost(pid int) (int, bool) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(raw) {
		numbers, ok := bytes.CutPrefix(line, []byte("NSpid:"))
		if !ok {
			continue
		}
		fields := bytes.Fields(numbers)
		if len(fields) == 0 {
			return 0, false
		}
		inner, err := strconv.Atoi(string(fields[len(fields)-1]))
		return inner, err == nil
	}
	return 0, false
}
