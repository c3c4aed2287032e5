// SPDX-License-Identifier: Apache-2.0

package layer

import (
	"bytes"
	"debug/elf"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Libraries returns the names of all files that a program could load as a library.
func (t *Tree) Libraries() []string {
	var names []string
	for name := range t.entries {
		if strings.Contains(path.Base(name), ".so") {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names
}

// Missing returns what programs and libraries need and neither the tree has nor is there
// already: lines such as "/usr/sbin/zebra needs libyang.so.2", sorted.
func (t *Tree) Missing(there []string) []string {
	has := make(map[string]bool)
	for _, name := range append(t.Libraries(), there...) {
		has[name] = true
	}
	var missing []string
	for _, e := range t.sorted() {
		for _, name := range t.needs(e) {
			if !has[name] {
				missing = append(missing, fmt.Sprintf("%s needs %s", e.Path, name))
			}
		}
	}
	return missing
}

// needs returns the libraries that a file names, none if it is no program.
func (t *Tree) needs(e *entry) []string {
	if !e.Mode.IsRegular() || e.size < 64 {
		return nil
	}
	content := t.Open(e.Path)
	var magic [4]byte
	if _, err := content.ReadAt(magic[:], 0); err != nil || !bytes.Equal(magic[:], []byte(elf.ELFMAG)) {
		return nil
	}
	f, err := elf.NewFile(content)
	if err != nil {
		return nil
	}
	names, err := f.ImportedLibraries()
	if err != nil {
		return nil
	}
	return names
}
