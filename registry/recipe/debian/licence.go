// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

// common is where Debian keeps the texts that many packages name.
var common = regexp.MustCompile(`/usr/share/common-licenses/([A-Z][A-Za-z]*(?:-[0-9.]*[0-9])?)`)

// Licences returns the short names of the licences that a copyright file names, sorted, none
// twice: those of a file of DEP 5, and of another one those whose texts Debian keeps.
func Licences(copyright []byte) []string {
	var names []string
	if bytes.Contains(copyright[:min(len(copyright), 4096)], []byte("copyright-format")) {
		for line := range bytes.Lines(copyright) {
			if value, ok := strings.CutPrefix(string(line), "License:"); ok {
				names = append(names, strings.TrimSpace(value))
			}
		}
	} else {
		for _, found := range common.FindAllSubmatch(copyright, -1) {
			names = append(names, string(found[1]))
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}
