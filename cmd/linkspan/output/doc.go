// SPDX-License-Identifier: Apache-2.0

// Package output prints what a command found: as a table for people, as JSON or
// YAML for programs, through a Go template, or as bare names. It knows rows and
// columns and nothing of what they mean.
//
//	table := output.Table[Network]{
//		Name:    func(n Network) string { return n.Name },
//		Columns: []output.Column[Network]{{"NAME", func(n Network) string { return n.Name }}},
//	}
//	err := table.Print(os.Stdout, options, networks)
package output
