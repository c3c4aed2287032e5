// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
)

// block is a context of FRR's configuration and the lines in it: what OSPF and BGP are told,
// whole, and of an interface what is about OSPF.
type block struct {
	path  []string // commands that lead to it: "router bgp 65001", "address-family ipv4 unicast"
	lines []string
}

// ours says whether a line outside of all contexts begins one that is looked at.
func ours(line string) bool {
	return strings.HasPrefix(line, "router ospf") && !strings.HasPrefix(line, "router ospf6") || strings.HasPrefix(line, "router bgp") || strings.HasPrefix(line, "interface ")
}

// parse reads the contexts that are looked at, in their order.
func parse(text string) []block {
	var all []block
	var path []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '!' || line[0] == '#':
		case line == "exit" || line == "end":
			path = nil
		case line == "exit-address-family":
			path = path[:min(1, len(path))]
		case ours(line):
			path = []string{line}
			all = append(all, block{path: path})
		case len(path) > 0 && strings.HasPrefix(line, "address-family "):
			path = []string{path[0], line}
			all = append(all, block{path: path})
		case len(path) > 0 && (!strings.HasPrefix(path[0], "interface ") || strings.HasPrefix(line, "ip ospf ")):
			all[len(all)-1].lines = append(all[len(all)-1].lines, line)
		}
	}
	return all
}

// find returns the block of that path, an empty one if there is none.
func find(all []block, path []string) (block, bool) {
	for _, b := range all {
		if slices.Equal(b.path, path) {
			return b, true
		}
	}
	return block{path: path}, false
}

// changes returns the commands that make of what runs what is wanted: first what goes, from
// the end, then what comes.
func changes(running, wanted []block) []string {
	var commands []string
	gone := ""
	for _, b := range running {
		want, there := find(wanted, b.path)
		if isInterface := strings.HasPrefix(b.path[0], "interface "); !there && !isInterface && len(b.path) == 1 {
			gone = b.path[0]
			commands = append(commands, "no "+gone)
		}
		if b.path[0] != gone {
			commands = append(commands, within(b.path, remove(b.lines, want.lines))...)
		}
	}
	for _, b := range wanted {
		have, there := find(running, b.path)
		lines := less(b.lines, have.lines)
		if len(lines) == 0 && !there && len(b.path) == 1 && !strings.HasPrefix(b.path[0], "interface ") {
			commands = append(commands, b.path[0], "exit")
		}
		commands = append(commands, within(b.path, lines)...)
	}
	return commands
}

// less returns the lines that the others do not have.
func less(lines, others []string) []string {
	var rest []string
	for _, l := range lines {
		if !slices.Contains(others, l) {
			rest = append(rest, l)
		}
	}
	return rest
}

// remove returns the commands that undo the lines which are not wanted, the last one first. A
// neighbour that goes takes all that is said of it along.
func remove(lines, wanted []string) []string {
	var undo, gone []string
	for _, l := range less(lines, wanted) {
		if words := strings.Fields(l); len(words) == 4 && words[0] == "neighbor" && words[2] == "remote-as" {
			if !slices.ContainsFunc(wanted, func(w string) bool { return strings.HasPrefix(w, "neighbor "+words[1]+" remote-as ") }) {
				gone = append(gone, "neighbor "+words[1]+" ")
			}
		}
	}
	for _, l := range less(lines, wanted) {
		if i := slices.IndexFunc(gone, func(g string) bool { return strings.HasPrefix(l, g) }); i >= 0 {
			if strings.HasPrefix(l, gone[i]+"remote-as ") {
				undo = append(undo, "no "+l)
			}
			continue
		}
		if positive, negative := strings.CutPrefix(l, "no "); negative {
			undo = append(undo, positive)
		} else {
			undo = append(undo, "no "+l)
		}
	}
	slices.Reverse(undo)
	return undo
}

// within returns commands with those that lead to their context and out of it.
func within(path, commands []string) []string {
	if len(commands) == 0 {
		return nil
	}
	all := slices.Concat(path, commands)
	if len(path) > 1 {
		all = append(all, "exit-address-family")
	}
	return append(all, "exit")
}
