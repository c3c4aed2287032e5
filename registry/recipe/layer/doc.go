// SPDX-License-Identifier: Apache-2.0

// Package layer makes layers of images: files from packages, folders and memory become one
// archive in which nothing depends on when and where it was made. Names are sorted, times
// are one time, owners are numbers, and what is left out is said before.
//
//	t, err := layer.New("/var/cache", layer.Rules{})
//	defer t.Close()
//	err = t.Put(layer.File{Path: "/etc/motd", Mode: 0o644}, strings.NewReader("hello\n"))
//	written, err := t.Write(f, date)
package layer
