// SPDX-License-Identifier: Apache-2.0

package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// prepareHost makes what the host's programs expect to find. It runs before the
// reaper, because it waits for its own children.
func prepareHost(ctx context.Context, s Spec) error {
	for _, dir := range []string{ovsRunDir, filepath.Dir(pluginSocket)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make the host's folders: %w", err)
		}
	}
	return makeDatabase(ctx, s.Name)
}

// makeDatabase creates the Open vSwitch database with its one root row, unless
// an earlier boot did. It gets its name only when complete. Userspace TSO is set
// in it as the switch process would set it, since ovs-vswitchd looks only when
// it starts: a lab begins with the fast path in force.
func makeDatabase(ctx context.Context, name string) error {
	if _, err := os.Stat(confDB); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := confDB + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	ids := []any{"map", [][2]string{{"hostname", name}, {"system-id", name}}}
	config := []any{"map", [][2]string{{"userspace-tso-enable", "true"}}}
	insert, err := json.Marshal([]any{"Open_vSwitch", map[string]any{
		"op": "insert", "table": "Open_vSwitch", "row": map[string]any{"external_ids": ids, "other_config": config},
	}})
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	for _, args := range [][]string{{"create", fresh, ovsSchema}, {"transact", fresh, string(insert)}} {
		out, err := exec.CommandContext(ctx, "ovsdb-tool", args...).CombinedOutput()
		if err != nil || strings.Contains(string(out), `"error"`) {
			return fmt.Errorf("ovsdb-tool %s: %w: %s", args[0], err, out)
		}
	}
	return os.Rename(fresh, confDB)
}

// handJoin puts the join token where only root in the host sees it.
func handJoin(dir *os.Root) error {
	token, err := dir.ReadFile(JoinFile)
	if err != nil {
		return fmt.Errorf("read join token: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(joinFile), 0o700); err != nil {
		return fmt.Errorf("hand over join token: %w", err)
	}
	return os.WriteFile(joinFile, token, 0o600)
}

// storageDriver returns overlay2 when the file system under data can carry an
// overlay, else vfs, which works everywhere and copies every layer.
func storageDriver(data string) string {
	top, err := os.MkdirTemp(data, ".overlay-probe-")
	if err != nil {
		return "vfs"
	}
	defer os.RemoveAll(top)
	paths := map[string]string{}
	for _, name := range []string{"lower", "upper", "work", "merged"} {
		paths[name] = filepath.Join(top, name)
		if os.Mkdir(paths[name], 0o700) != nil {
			return "vfs"
		}
	}
	options := "lowerdir=" + paths["lower"] + ",upperdir=" + paths["upper"] + ",workdir=" + paths["work"]
	if unix.Mount("overlay", paths["merged"], "overlay", 0, options) != nil {
		return "vfs"
	}
	if unix.Unmount(paths["merged"], 0) != nil {
		return "vfs"
	}
	return "overlay2"
}
