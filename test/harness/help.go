// SPDX-License-Identifier: Apache-2.0

package harness

import "strings"

// Commands returns the names of the commands that a help text of linkspan lists.
func Commands(help string) []string {
	_, list, ok := strings.Cut(help, "Available Commands:\n")
	if !ok {
		return nil
	}
	var names []string
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			break
		}
		names = append(names, fields[0])
	}
	return names
}
