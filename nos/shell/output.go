// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// errEnough ends a command whose output nobody wants more of. It is no failure.
var errEnough = errors.New("enough was shown")

// stage gets the lines of a command, one after the other. An error ends the command.
type stage interface {
	line(text string) error
	end() error
}

// output is what a command prints to: whole lines, through what it is piped through.
type output struct {
	first stage
	width int    // of the terminal; 0: none
	pages *pages // nil: no terminal
}

// flow has lines that come bit by bit not stop at the end of a page.
func (o *output) flow() {
	if o.pages != nil {
		o.pages.off = true
	}
}

// print prints a text of whole lines.
func (o *output) print(text string) error {
	if text == "" {
		return nil
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if err := o.first.line(strings.TrimSuffix(line, "\r")); err != nil {
			return err
		}
	}
	return nil
}

func (o *output) printf(format string, values ...any) error {
	return o.print(fmt.Sprintf(format, values...))
}

// plain is the end of all stages: it writes lines.
type plain struct{ w io.Writer }

func (p plain) line(text string) error {
	_, err := io.WriteString(p.w, printable(text)+"\n")
	return err
}

func (plain) end() error { return nil }

// filters is what the output of a command goes through.
type filters struct {
	form   string // json or set; empty: for people
	noMore bool   // no pages
	stages []func(next stage) stage
}

// filterWords is the grammar of what can come after a bar.
func (s *Shell) filterWords() []*word {
	pattern := func(name, help string, make func(re *regexp.Regexp) func(stage) stage) *word {
		text := &word{arg: "PATTERN", help: "Regular expression, or a text in quotes", values: nil}
		text.run = nil
		w := &word{name: name, help: help, next: []*word{text}}
		text.run = s.adding(func(c *call, f *filters) error {
			re, err := regexp.Compile(c.args["PATTERN"])
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			f.stages = append(f.stages, make(re))
			return nil
		})
		return w
	}
	return []*word{
		pattern("include", "Only lines with a pattern", func(re *regexp.Regexp) func(stage) stage {
			return func(next stage) stage { return &choosing{stage: next, keep: re.MatchString} }
		}),
		pattern("exclude", "Only lines without a pattern", func(re *regexp.Regexp) func(stage) stage {
			return func(next stage) stage {
				return &choosing{stage: next, keep: func(l string) bool { return !re.MatchString(l) }}
			}
		}),
		pattern("begin", "All from the first line with a pattern", func(re *regexp.Regexp) func(stage) stage {
			return func(next stage) stage {
				begun := false
				return &choosing{stage: next, keep: func(l string) bool { begun = begun || re.MatchString(l); return begun }}
			}
		}),
		{name: "count", help: "How many lines there are", run: s.adding(func(_ *call, f *filters) error {
			f.stages = append(f.stages, func(next stage) stage { return &counting{stage: next} })
			return nil
		})},
		{name: "json", help: "As JSON, whose form does not change", run: s.adding(func(_ *call, f *filters) error { return f.as("json") })},
		{name: "set", help: "Configuration as commands", run: s.adding(func(_ *call, f *filters) error { return f.as("set") })},
		{name: "no-more", help: "Without pages", run: s.adding(func(_ *call, f *filters) error { f.noMore = true; return nil })},
	}
}

// as sets the form of the output, which comes before all other filters.
func (f *filters) as(form string) error {
	if f.form != "" || len(f.stages) > 0 {
		return fmt.Errorf("%s can only come first", form)
	}
	f.form = form
	return nil
}

// through returns the first stage of the filters before the last one.
func (f *filters) through(last stage) stage {
	for i := len(f.stages) - 1; i >= 0; i-- {
		last = f.stages[i](last)
	}
	return last
}

// choosing passes on some lines.
type choosing struct {
	stage
	keep func(line string) bool
}

func (c *choosing) line(text string) error {
	if !c.keep(text) {
		return nil
	}
	return c.stage.line(text)
}

// counting passes on the number of lines.
type counting struct {
	stage
	n int
}

func (c *counting) line(string) error { c.n++; return nil }

func (c *counting) end() error {
	if err := c.stage.line(fmt.Sprint(c.n)); err != nil {
		return err
	}
	return c.stage.end()
}
