// SPDX-License-Identifier: Apache-2.0

package cgroup

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// Mounts returns the mount points of all control group hierarchies that the
// caller sees, from /proc/self/mountinfo.
func Mounts() ([]string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	defer f.Close()
	return parseMounts(f)
}

// parseMounts reads mountinfo as proc(5) has it: six fields, any number of
// optional ones, a lone hyphen, then the type of the file system.
func parseMounts(r io.Reader) ([]string, error) {
	var points []string
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		mount, source, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(mount)
		if !ok || len(fields) < 6 {
			continue
		}
		if kind, _, _ := strings.Cut(source, " "); kind == "cgroup" || kind == "cgroup2" {
			points = append(points, unescape.Replace(fields[4]))
		}
	}
	return points, lines.Err()
}

// unescape undoes the octal escapes of proc(5).
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
