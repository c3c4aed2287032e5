// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/tree"
)

// configuration is the grammar of configuration mode.
func (s *Shell) configuration() []*word {
	number := &word{arg: "NUMBER", help: "Of the revision; run show history has them", run: s.rollback}
	return []*word{
		{name: "set", help: "Set a value, or make an entry", path: apiv1.ConfigTakes_CONFIG_TAKES_SETTING, run: s.set},
		{name: "delete", help: "Delete what is configured", path: apiv1.ConfigTakes_CONFIG_TAKES_EXISTING, run: s.remove},
		{name: "edit", help: "Go to a level, below which paths begin", path: apiv1.ConfigTakes_CONFIG_TAKES_SECTION, run: s.edit},
		{name: "up", help: "Go a level up", run: s.up},
		{name: "top", help: "Go to the top", run: s.top},
		{name: "show", help: "Show the candidate, or a part of it", path: apiv1.ConfigTakes_CONFIG_TAKES_EXISTING, run: s.showConfiguration},
		{name: "compare", help: "What the candidate changes", run: s.compare, next: []*word{{name: "commands", help: "As commands", run: s.compare}}},
		s.commitWord(),
		{name: "confirm", help: "Keep what was committed to be confirmed", run: s.confirm},
		{name: "return", help: "Go back to what ran before that at once", run: s.goBack},
		{name: "rollback", help: "Make an old revision the candidate", next: []*word{number}},
		{name: "discard", help: "Begin again with what runs", run: s.discard},
		{name: "load", help: "Make a file the candidate", next: []*word{{arg: "FILE", help: "File of set commands, YAML or JSON; terminal to paste it", run: s.load}}},
		{name: "merge", help: "Set what a file says", next: []*word{{arg: "FILE", help: "File of set commands, YAML or JSON; terminal to paste it", run: s.merge}}},
		{name: "save", help: "Write the candidate to a file", next: []*word{{arg: "FILE", help: "File; its form is that of the ending .set, .yaml or .json", run: s.save}}},
		{name: "lock", help: "Keep all others from editing", run: s.lock},
		{name: "unlock", help: "Let others edit again", run: s.unlock, next: []*word{
			{arg: "SESSION", help: "Of this session: an administrator takes the lock from whoever has it; show sessions", run: s.unlock},
		}},
		{name: "run", help: "A command of operational mode", next: s.runWords()},
		{name: "exit", help: "Go to the top, then to operational mode", run: s.exit, next: []*word{{name: "discard", help: "Also with changes, which are lost", run: s.exit}}},
		{name: "quit", help: "Go to operational mode", run: s.quit},
		{name: "help", help: "How this shell is used", run: s.help},
	}
}

// runWords is what of operational mode can be run from here.
func (s *Shell) runWords() []*word {
	return append([]*word{{name: "show", help: "Show how the switch is", next: s.showWords()}}, s.tryWords()...)
}

// change sends commands of the candidate.
func (s *Shell) change(ctx context.Context, verb string, words []string) error {
	_, err := s.config.Change(ctx, connect.NewRequest(&apiv1.ConfigServiceChangeRequest{
		Session: s.session, Form: apiv1.ConfigForm_CONFIG_FORM_SET, Text: []byte(verb + " " + tree.Join(words) + "\n"),
	}))
	return err
}

func (s *Shell) set(ctx context.Context, c *call) error {
	words, err := s.resolve(ctx, s.scopeOf(c), c.path, apiv1.ConfigTakes_CONFIG_TAKES_SETTING)
	if err != nil {
		return err
	}
	return s.change(ctx, "set", words)
}

func (s *Shell) remove(ctx context.Context, c *call) error {
	words, err := s.resolve(ctx, s.scopeOf(c), c.path, apiv1.ConfigTakes_CONFIG_TAKES_EXISTING)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return s.change(ctx, "delete", words)
	}
	return &mistake{len("delete"), "all of it: load an empty file instead"}
}

func (s *Shell) edit(ctx context.Context, c *call) error {
	words, err := s.resolve(ctx, s.scopeOf(c), c.path, apiv1.ConfigTakes_CONFIG_TAKES_SECTION)
	if err == nil {
		s.level = words
	}
	return err
}

func (s *Shell) top(context.Context, *call) error {
	s.level = nil
	return nil
}

// up goes to the level before: as far as the path before is one.
func (s *Shell) up(ctx context.Context, _ *call) error {
	for len(s.level) > 0 {
		s.level = s.level[:len(s.level)-1]
		top := scope{source: apiv1.ConfigSource_CONFIG_SOURCE_CANDIDATE}
		if _, err := s.resolve(ctx, top, part{tree.Join(s.level), 0}, apiv1.ConfigTakes_CONFIG_TAKES_SECTION); err == nil {
			return nil
		}
	}
	return nil
}

// showConfiguration shows what runs, or in configuration mode the candidate.
func (s *Shell) showConfiguration(ctx context.Context, c *call) error {
	in := s.scopeOf(c)
	words := in.level
	if strings.TrimSpace(c.path.text) != "" {
		var err error
		if words, err = s.resolve(ctx, in, c.path, apiv1.ConfigTakes_CONFIG_TAKES_EXISTING); err != nil {
			return err
		}
	}
	return s.printConfiguration(ctx, c, &apiv1.ConfigServiceGetRequest{Source: in.source, Session: s.session, Path: words})
}

func (s *Shell) printConfiguration(ctx context.Context, c *call, r *apiv1.ConfigServiceGetRequest) error {
	r.Form = map[string]apiv1.ConfigForm{
		"": apiv1.ConfigForm_CONFIG_FORM_YAML, "json": apiv1.ConfigForm_CONFIG_FORM_JSON, "set": apiv1.ConfigForm_CONFIG_FORM_SET,
	}[c.filter.form]
	m, err := s.config.Get(ctx, connect.NewRequest(r))
	if err != nil {
		return err
	}
	if len(m.Msg.GetText()) == 0 && c.filter.form == "json" {
		return c.out.print("{}")
	}
	return c.out.print(string(m.Msg.GetText()))
}

func (s *Shell) discard(ctx context.Context, _ *call) error {
	_, err := s.config.Discard(ctx, connect.NewRequest(&apiv1.ConfigServiceDiscardRequest{Session: s.session}))
	return err
}

func (s *Shell) lock(ctx context.Context, _ *call) error {
	_, err := s.config.Lock(ctx, connect.NewRequest(&apiv1.ConfigServiceLockRequest{Session: s.session}))
	return err
}

func (s *Shell) unlock(ctx context.Context, c *call) error {
	session := s.session
	if text := c.option("SESSION"); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n == 0 {
			return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%q is no number of a session", brief(text)), Hint: "show sessions"}
		}
		session = n
	}
	_, err := s.config.Unlock(ctx, connect.NewRequest(&apiv1.ConfigServiceUnlockRequest{Session: session}))
	return err
}

// exit leaves the level, or the mode. With changes it must be typed twice.
func (s *Shell) exit(ctx context.Context, c *call) error {
	if len(s.level) > 0 && c.option("discard") == "" {
		return s.top(ctx, c)
	}
	if err := s.refresh(ctx); err != nil {
		return err
	}
	n := s.status.GetChanges()
	if n > 0 && c.option("discard") == "" && !s.leaving {
		s.leaving = true
		return c.out.printf("%s not committed: commit, or type exit once more to lose that.", counted(n))
	}
	s.Close()
	return nil
}

func (s *Shell) quit(ctx context.Context, c *call) error {
	s.level = nil
	return s.exit(ctx, c)
}

// counted is a number of changes in words.
func counted(n uint32) string {
	if n == 1 {
		return "1 change"
	}
	return fmt.Sprintf("%d changes", n)
}
