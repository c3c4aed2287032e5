// SPDX-License-Identifier: Apache-2.0

// Package tree is the configuration of a switch: an immutable tree of values in
// the form that a schema gives. A change makes another tree, which shares all
// that it does not touch; what differs between two trees is found at the cost
// of what differs. It has three text forms that say the same, each with one
// canonical order: commands (set vlans 10 description offices), YAML and JSON.
//
// A tree has only values that their types have. It knows no constraints between
// them (package validate does), no users and no revisions (package config).
//
//	t := tree.New(s)
//	t, err := t.Set("vlans", "10", "description", "offices")
//	os.Stdout.Write(t.Text(tree.YAML, tree.Hide))
//	for _, e := range tree.Diff(old, t) { fmt.Println(e.Command(tree.Hide)) }
package tree
