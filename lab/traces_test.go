// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/lab/cgroup"
	"github.com/linkspan/linkspan/lab/process"
)

// traces is everything by which a lab can be seen on the machine.
type traces struct {
	dir     string
	members []process.Identity
	spaces  map[string]bool // the namespaces of its nodes, as readlink tells them
	missing []string        // mount points that the machine did not have before
}

// absent returns the mount points that the machine does not have.
func absent() []string {
	var missing []string
	for _, path := range boot.MountPoints() {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			missing = append(missing, path)
		}
	}
	return missing
}

// trace notes what there is of the lab in the folder dir now.
func trace(t *testing.T, dir string, missing []string) *traces {
	t.Helper()
	seen := &traces{dir: dir, spaces: map[string]bool{}, missing: missing}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		init := readInit(filepath.Join(dir, entry.Name()))
		if !init.Alive() {
			continue
		}
		members, err := process.Members(init)
		if err != nil {
			continue
		}
		seen.members = append(seen.members, members...)
		for _, space := range spacesOf(init.PID) {
			seen.spaces[space] = true
		}
	}
	return seen
}

func spacesOf(pid int) []string {
	var spaces []string
	for _, kind := range []string{"net", "mnt", "pid", "uts", "ipc"} {
		if space, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "ns", kind)); err == nil {
			spaces = append(spaces, space)
		}
	}
	return spaces
}

// gone checks that nothing of it is left.
func (seen *traces) gone(t *testing.T) {
	t.Helper()
	for _, id := range seen.members {
		if id.Alive() {
			t.Errorf("process %d is left", id.PID)
		}
	}
	if _, err := os.Lstat(seen.dir); !os.IsNotExist(err) {
		t.Errorf("folder %s is left: %v", seen.dir, err)
	}
	seen.noGroups(t)
	seen.noSpaces(t)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), seen.dir) {
		t.Errorf("mounts are left: %v", err)
	}
	// Another lab, of another test program, may need them now.
	for _, path := range seen.missing {
		eventually(t, path+" is gone, or used by another lab", func() bool {
			_, err := os.Lstat(path)
			return os.IsNotExist(err) || mountedOn(path)
		})
	}
}

func mountedOn(path string) bool {
	lists, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		return false
	}
	for _, list := range lists {
		if raw, err := os.ReadFile(list); err == nil && strings.Contains(string(raw), " "+path+" ") {
			return true
		}
	}
	return false
}

func (seen *traces) noGroups(t *testing.T) {
	t.Helper()
	points, err := cgroup.Mounts()
	if err != nil {
		t.Fatal(err)
	}
	for _, point := range points {
		if _, err := os.Stat(filepath.Join(point, cgroupName(seen.dir))); err == nil {
			t.Errorf("control group in %s is left", point)
		}
	}
}

// noSpaces looks for the lab's namespaces among all processes. The kernel gives
// a dead namespace's number away again, so only processes as old as the lab
// count, and only if they keep it: one of another lab may have got the number by
// making itself a new namespace just now.
func (seen *traces) noSpaces(t *testing.T) {
	t.Helper()
	var youngest uint64
	for _, id := range seen.members {
		youngest = max(youngest, id.Start)
	}
	eventually(t, "no process keeps a namespace of the lab", func() bool {
		pids, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			t.Fatal(err)
		}
		return !slices.ContainsFunc(pids, func(path string) bool { return seen.keeps(filepath.Base(path), youngest) })
	})
}

// keeps reports whether a process that is no younger than that is in one of the
// lab's namespaces.
func (seen *traces) keeps(name string, youngest uint64) bool {
	pid, err := strconv.Atoi(name)
	if err != nil {
		return false
	}
	id, err := process.Find(pid)
	if err != nil || id.Start > youngest || !id.Alive() {
		return false
	}
	return slices.ContainsFunc(spacesOf(pid), func(space string) bool { return seen.spaces[space] })
}
