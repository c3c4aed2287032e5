// SPDX-License-Identifier: Apache-2.0

// Package render makes the files of a service from the part of a switch's configuration that
// the service's image brought ([linkspan.Configured]), by templates of package text/template.
// It is pure: who writes the files, checks and applies them is elsewhere.
//
// A template gets the container that the part is mounted in. Of a container and of an entry of
// a list the fields are its children, with '_' for '-' in names: a leaf is a text ("" or its
// default where nothing is set), a leaf-list a list of texts, a list a list of entries, whose
// keys are fields too. Field There says whether anything is set. A field that the schema does
// not have is an error.
//
// No value reaches a file as it is. Every action that prints ends with one of these, which
// refuse what would be read as more than one value; a template in which one does not is refused:
//
//	word     a word without blanks, quotes and signs of comments
//	line     the rest of a line
//	seconds  a duration, as a number of seconds
//
// These choose: v4 and v6 of addresses or prefixes, is6 of one.
//
//	files, err := render.Files(configured, t.Root())
package render
