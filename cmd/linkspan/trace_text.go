// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// traceWidth is how wide the text is at most, in characters; names may be longer.
const traceWidth = 98

// printTrace prints a trace for people, or as was asked.
func (a *app) printTrace(o output.Options, r *traceRow) error {
	if o.Format != "" || o.Output == "json" || o.Output == "yaml" {
		return output.PrintOne(a.out, o, *r)
	}
	t := &traceText{w: a.out}
	t.all(r)
	return t.err
}

// traceText writes a trace: a word at the left, and beside it what there is to say.
type traceText struct {
	w   io.Writer
	err error
}

// line writes one line, its word at the left only where it is another than before.
func (t *traceText) line(word, text string) {
	if t.err != nil {
		return
	}
	const margin = 9
	room := traceWidth - margin
	for first := true; first || text != ""; first = false {
		part := text
		if len(part) > room {
			at := strings.LastIndexByte(part[:room], ' ')
			if at <= 0 || strings.TrimSpace(part[:at]) == "" {
				at = len(part)
			}
			part = part[:at]
		}
		text = strings.TrimPrefix(text[len(part):], " ")
		if text != "" {
			text = "    " + text
		}
		_, t.err = fmt.Fprintln(t.w, strings.TrimRight(fmt.Sprintf("%-*s%s", margin, word, part), " "))
		word = ""
	}
}

func (t *traceText) all(r *traceRow) {
	t.line("", "")
	t.line("FROM", r.From.text())
	t.line("TO", r.To.text()+"   "+r.Ports)
	t.line("VERDICT", strings.ToUpper(r.Verdict.Verdict)+"   "+r.Verdict.text())
	t.replies(r)
	t.path(r)
	for i, s := range r.Verdict.Asked {
		t.line(first(i, "ASKED"), fmt.Sprintf("%-13s %-9s %s", s.Rule, s.Says, s.Detail))
	}
	t.hops(r.Hops)
	t.probe(r.Probe)
	t.remedies(r)
}

func first(i int, word string) string {
	if i > 0 {
		return ""
	}
	return word
}

func (e *traceEndRow) text() string {
	switch {
	case e.Name == "" && e.Network == "":
		return e.Address + "   outside of all networks"
	case e.Name == "":
		return e.Address + "   of network " + e.Network
	case e.Address == "":
		return e.Name
	}
	return e.Name + "   " + e.Address
}

// text says who has decided.
func (v *traceVerdictRow) text() string {
	switch {
	case v.Policy != "" && v.Rule == "policy":
		return strings.Join(append([]string{"by policy " + v.Policy}, v.Places...), " ")
	case v.Link != "":
		return "by the link of " + strings.Replace(v.Link, " ", " and ", 1) + ": " + v.Reason
	case v.Group != "":
		return "by group " + v.Group + ": " + v.Reason
	}
	return v.Reason
}

// replies tells of the other direction, where it differs.
func (t *traceText) replies(r *traceRow) {
	if r.Verdict.Verdict != "allowed" {
		if r.Reverse.Verdict == "allowed" {
			t.line("BACK", "the other way round it is allowed: "+r.Reverse.text())
		}
		return
	}
	text := "replies pass, and the other may open the same"
	if r.Reverse.Verdict != "allowed" {
		text = "replies pass; to open the same the other way is " + r.Reverse.Verdict + ": " + r.Reverse.text()
	}
	t.line("BACK", text)
}

func (t *traceText) path(r *traceRow) {
	p := &r.Path
	if p.Transport == "" {
		return
	}
	text := p.Transport
	if r.Verdict.Verdict != "allowed" && r.Verdict.Verdict != "elsewhere" {
		text = "it would be " + text
	}
	if p.MTU != 0 {
		text += fmt.Sprintf(", mtu %d", p.MTU)
	}
	if p.Tracked {
		text += ", connections are tracked (class " + cmp.Or(p.Class, "any") + ")"
	}
	if p.Reason != "" {
		text += "; not direct: " + p.Reason
	}
	t.line("PATH", text)
}

// hops lists the places on the way.
func (t *traceText) hops(hops []traceHopRow) {
	for i := range hops {
		h := &hops[i]
		text := fmt.Sprintf("%-9s %s", h.Kind, h.Name)
		if h.Detail != "" {
			text += "   " + h.Detail
		}
		t.line(first(i, "HOPS"), text)
		for _, f := range h.Flows {
			t.line("", "  "+f.text())
		}
		if h.Kind == "switch" && len(h.Flows) == 0 && !h.Missing {
			t.line("", "  no flow now: the first packet asks the controller")
		}
	}
}

func (f *traceFlowRow) text() string {
	way := "->"
	if f.Back {
		way = "<-"
	}
	what := f.What
	if f.Class != "" {
		what += " " + f.Class
	}
	text := fmt.Sprintf("%s %-8s %-20s %8d packets %10d bytes", way, f.Table, what, f.Packets, f.Bytes)
	if f.What == "guard" {
		return text
	}
	return text + fmt.Sprintf("  age %s, idle %s", f.Age, f.Idle)
}

// remedies says what to type.
func (t *traceText) remedies(r *traceRow) {
	if n := len(r.ToAllow); n == 1 {
		t.line("TO ALLOW", "type this:")
	} else if n > 1 {
		t.line("TO ALLOW", "type one of these:")
	}
	for _, w := range r.ToAllow {
		t.raw("# " + w.Opens)
		for k, c := range w.Commands {
			if w.File == "" || k < len(w.Commands)-1 {
				t.raw(c)
				continue
			}
			t.raw(c + " <<'END'\n" + w.File + "END")
		}
	}
	if len(r.ToAllow) == 0 && (r.Verdict.Verdict == "denied" || r.Verdict.Verdict == "rejected") {
		t.line("TO ALLOW", "nothing that could be typed would let it through")
	}
}

// raw writes a line to be typed, which is not broken.
func (t *traceText) raw(text string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w, text)
	}
}
