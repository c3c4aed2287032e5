// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// patience is how long completion waits for the switch.
const patience = 5 * time.Second

// Interact is the shell at a terminal, until somebody logs out, hangs up, or ctx ends.
// It closes the console.
func (s *Shell) Interact(ctx context.Context, c *Console) error {
	s.console = c
	defer c.start(ctx)()
	c.complete = func(line string, pos int, key rune) (string, int, bool) { return s.key(ctx, line, pos, key) }
	for !s.left && ctx.Err() == nil {
		s.look(ctx)
		prompt := s.prompt(c.width())
		line, err := c.readLine(prompt)
		switch {
		case errors.Is(err, errInterrupted):
			s.leaving = false
		case err != nil && (c.keys.gone() || ctx.Err() != nil):
			return nil // nobody is there
		case err != nil:
			s.line(ctx, "exit", "")
		default:
			s.line(ctx, line, prompt)
		}
	}
	return nil
}

// Only carries out one command at a terminal, such as one that needs all of it. It closes the console.
func (s *Shell) Only(ctx context.Context, c *Console, line string) error {
	s.console = c
	defer c.start(ctx)()
	for _, one := range statements(line) {
		if err := s.one(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// look asks how things are, and tells what somebody must know.
func (s *Shell) look(ctx context.Context) {
	err := s.refresh(ctx)
	if s.session != 0 && linkspan.CodeOf(err) == linkspan.NotFound {
		s.console.say("The session has ended; what was not committed is lost.")
		s.Close()
		err = s.refresh(ctx)
	}
	if err != nil {
		s.console.say("error: " + err.Error())
		return
	}
	p := s.status.GetPending()
	if p != nil && p.GetRevision() != s.told {
		s.told = p.GetRevision()
		s.console.say(fmt.Sprintf("Revision %d of %s goes back at %s unless somebody types confirm.", p.GetRevision(), p.GetWho(), p.GetDeadline().AsTime().Local().Format(time.TimeOnly)))
	}
	if p == nil && s.told != 0 && s.status.GetRevision() != s.told {
		s.console.say(fmt.Sprintf("Revision %d was not confirmed; revision %d runs.", s.told, s.status.GetRevision()))
	}
	if p == nil {
		s.told = 0
	}
}

// prompt is edge1> for who sees, edge1# for who changes, edge1(config)# where the configuration is
// changed, with a star for what is not committed. It leaves half of the terminal.
func (s *Shell) prompt(width int) string {
	mark := "# "
	if s.status.GetRole() == string(trust.RoleViewer) {
		mark = "> "
	}
	name := s.status.GetHostname()
	mode := ""
	if s.session != 0 {
		star := ""
		if s.status.GetChanges() > 0 {
			star = "*"
		}
		mode = "(config)" + star
		if len(s.level) > 0 {
			long := "(config " + printable(strings.Join(s.level, " ")) + ")" + star
			if mode = "(config ..)" + star; utf8.RuneCountInString(name+long+mark) <= width/2 {
				mode = long
			}
		}
	}
	if room := width/2 - len(mode) - len(mark); len(name) > max(room, 3) {
		name = name[:max(room, 3)]
	}
	return name + mode + mark
}

// line carries out a line that was typed after a prompt, as far as a command of it fails.
func (s *Shell) line(ctx context.Context, line, prompt string) {
	for _, one := range statements(line) {
		if s.left {
			return
		}
		if err := s.one(ctx, one); err != nil {
			s.tell(err, prompt)
			return
		}
	}
}

// one carries out a command, which Ctrl-C ends.
func (s *Shell) one(ctx context.Context, one statement) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer s.console.keys.during(cancel)()
	err := s.do(ctx, one, &pages{console: s.console}, s.console.width())
	if ctx.Err() != nil && err != nil {
		return nil // it was ended by who typed it
	}
	return err
}

// tell says what is wrong, and marks the place.
func (s *Shell) tell(err error, prompt string) {
	var m *mistake
	if errors.As(err, &m) && prompt != "" {
		if at := utf8.RuneCountInString(prompt) + m.column; at < s.console.width() {
			s.console.say(strings.Repeat(" ", at) + "^")
		}
	}
	text := "error: " + err.Error()
	if hint := linkspan.HintOf(err); hint != "" {
		text += "\n  " + hint
	}
	s.console.say(text)
}

// key is what Tab and a question mark do to a line.
func (s *Shell) key(ctx context.Context, line string, pos int, key rune) (string, int, bool) {
	before := line[:pos]
	if key != '\t' && key != '?' || key == '?' && scan(before, func(int) {}) {
		return "", 0, false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := s.complete(ctx, before)
	if err != nil {
		s.console.say("error: " + err.Error())
		return line, pos, true
	}
	word := before[found.start:]
	if common := found.common(); key == '\t' && common != "" {
		only := found.known() == 1 && (word != "" || len(found.all) == 1)
		if only {
			common += " "
		}
		if common != word && (only || len(common) > len(word)) {
			return before[:found.start] + common + strings.TrimPrefix(line[pos:], " "), found.start + len(common), true
		}
	}
	s.console.say(s.listing(found))
	return line, pos, true
}

// mostListed is how many choices are listed.
const mostListed = 100

// listing shows what can come next, a line each.
func (s *Shell) listing(found choices) string {
	width := s.console.width()
	longest := len("<cr>")
	for _, one := range found.all {
		longest = max(longest, utf8.RuneCountInString(one.label()))
	}
	longest = min(longest, max(width/2, 8))
	var lines []string
	row := func(label, help string) {
		text := "  " + label + strings.Repeat(" ", max(0, longest-utf8.RuneCountInString(label))) + "  " + help
		if runes := []rune(text); len(runes) > width-1 {
			text = string(runes[:width-1])
		}
		lines = append(lines, strings.TrimRight(text, " "))
	}
	for i, one := range found.all {
		if i == mostListed {
			lines = append(lines, fmt.Sprintf("  and %d more", len(found.all)-i))
			break
		}
		row(one.label(), one.help)
	}
	if found.done {
		row("<cr>", "Carry it out")
	}
	if len(lines) == 0 {
		lines = append(lines, "  nothing can come here")
	}
	return strings.Join(lines, "\n")
}

// label is how a choice is shown.
func (c choice) label() string {
	if c.text == "" {
		return "<" + c.form + ">"
	}
	return c.text
}
