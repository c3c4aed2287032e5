// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab/mountpoint"
)

// MountPoints returns the folders of the machine that nodes of any role cover
// with folders of their own, each kept under disk/ over a power cut.
// /var/lib/linkspan comes last: the labs' own folders usually lie in it and are
// hidden from then on.
func MountPoints() []string {
	return []string{
		"/etc/docker", "/etc/openvswitch", "/var/lib/openvswitch", "/var/log/openvswitch",
		dockerData, ownData,
	}
}

func (s Spec) privateDirs() []string {
	switch s.Role {
	case RoleController:
		return []string{ownData}
	case RoleHost:
		return MountPoints()
	}
	return nil
}

// maskedDirs are the machine's own settings that a node must not see; they are
// covered only where they exist.
func maskedDirs() []string { return []string{"/etc/linkspan"} }

// furnish makes the namespaces look like a machine of their own.
func furnish(s Spec, dir *os.Root) error {
	if err := unix.Sethostname([]byte(s.Name)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	// Slave, not private: what the machine unmounts is unmounted here as well
	// and not kept busy, while nothing gets out of here.
	if err := mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	if s.Role == RoleFabric {
		return nil
	}
	if err := mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return err
	}
	if err := freshSys(); err != nil {
		return err
	}
	return furnishFolders(s, dir)
}

// freshSys mounts a sysfs that shows this network namespace, and keeps the
// control groups, which a fresh one would hide.
func freshSys() error {
	const sys, groups, aside = "/sys", "/sys/fs/cgroup", "/run/.cgroup"
	if err := os.Mkdir(aside, 0o700); err != nil {
		return fmt.Errorf("set control groups aside: %w", err)
	}
	if err := mount(groups, aside, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	if err := mount("sysfs", sys, "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	if err := mount(aside, groups, "", unix.MS_MOVE, ""); err != nil {
		return err
	}
	return os.Remove(aside)
}

func furnishFolders(s Spec, dir *os.Root) error {
	for _, path := range maskedDirs() {
		err := mount("tmpfs", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755")
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	if s.Role == RoleController {
		if err := bind(dir, RunDir, filepath.Dir(ownSocket)); err != nil {
			return err
		}
	}
	for _, path := range s.privateDirs() {
		kept := filepath.Join(DiskDir, strings.ReplaceAll(strings.Trim(path, "/"), "/", "-"))
		if err := bind(dir, kept, path); err != nil {
			return err
		}
	}
	return nil
}

// bind mounts a folder of the node's own over path. Both are made when missing.
func bind(dir *os.Root, name, path string) error {
	if err := dir.MkdirAll(name, 0o755); err != nil {
		return fmt.Errorf("make folder for %s: %w", path, err)
	}
	source, err := dir.Open(name)
	if err != nil {
		return fmt.Errorf("open folder for %s: %w", path, err)
	}
	defer source.Close()
	return mountpoint.Use(path, func() error {
		// By descriptor: the folder's path may be hidden by an earlier mount.
		return mount(fmt.Sprintf("/proc/self/fd/%d", source.Fd()), path, "", unix.MS_BIND, "")
	})
}

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s: %w", target, err)
	}
	return nil
}
