// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"

	"connectrpc.com/connect"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/show"
)

// operational is the grammar of operational mode.
func (s *Shell) operational() []*word {
	return append([]*word{
		{name: "show", help: "Show how the switch is", next: s.showWords()},
		{name: "configure", help: "Change the configuration", run: s.configure},
		{name: "confirm", help: "Keep what was committed to be confirmed", run: s.confirm},
		{name: "return", help: "Go back to what ran before that at once", run: s.goBack},
		{name: "exit", help: "Log out", run: s.logout},
		{name: "quit", help: "Log out", run: s.logout},
		{name: "help", help: "How this shell is used", run: s.help},
	}, s.tryWords()...)
}

// showWords is what can be shown: what the switch lists, and configurations.
func (s *Shell) showWords() []*word {
	words := []*word{
		{name: "configuration", help: "What runs, or a part of it", path: apiv1.ConfigTakes_CONFIG_TAKES_EXISTING, run: s.showConfiguration},
		{name: "revision", help: "What was committed once", next: []*word{{arg: "NUMBER", help: "Of the revision; show history has them", run: s.showRevision}}},
	}
	for _, item := range s.items {
		words = append(words, s.itemWord(item))
	}
	return words
}

// itemWord is one of what the switch lists.
func (s *Shell) itemWord(item *apiv1.ShowItem) *word {
	run := func(ctx context.Context, c *call) error { return s.showItem(ctx, c, item) }
	first := &word{name: item.GetName(), help: item.GetHelp(), run: run}
	at := first
	for i, a := range item.GetArgs() {
		next := &word{arg: argName(i), help: a.GetHelp(), run: run}
		next.values = func(ctx context.Context) []string {
			return s.values(ctx, &apiv1.OperateServiceValuesRequest{Kind: "show", Item: item.GetName(), Arg: uint32(i)}) //nolint:gosec // a few
		}
		at.next = []*word{next}
		at = next
	}
	return first
}

func argName(i int) string { return "WORD" + string(rune('1'+i)) }

// values asks what a word can be; nothing when the switch does not say.
func (s *Shell) values(ctx context.Context, r *apiv1.OperateServiceValuesRequest) []string {
	m, err := s.operate.Values(ctx, connect.NewRequest(r))
	if err != nil {
		return nil
	}
	return m.Msg.GetValues()
}

func (s *Shell) showItem(ctx context.Context, c *call, item *apiv1.ShowItem) error {
	var args []string
	for i := range item.GetArgs() {
		if text, ok := c.args[argName(i)]; ok {
			args = append(args, text)
		}
	}
	r, err := s.operate.Show(ctx, connect.NewRequest(&apiv1.OperateServiceShowRequest{Name: item.GetName(), Args: args}))
	if err != nil {
		return err
	}
	switch c.filter.form {
	case "":
		return c.out.print(show.FromProto(r.Msg.GetReport()).Text(c.out.width))
	case "json":
		return c.out.print(r.Msg.GetJson())
	}
	return &mistake{0, "this is no configuration: it has no form of commands"}
}

func (s *Shell) configure(ctx context.Context, _ *call) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stream, err := s.config.Open(ctx, connect.NewRequest(&apiv1.ConfigServiceOpenRequest{}))
	if err != nil {
		cancel()
		return err
	}
	if !stream.Receive() {
		err := stream.Err()
		cancel()
		return err
	}
	s.session = stream.Msg().GetSession()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for stream.Receive() { // signs of life
		}
	}()
	s.end = func() {
		cancel()
		<-ended
		_ = stream.Close() // it was cancelled
	}
	return nil
}

func (s *Shell) logout(context.Context, *call) error {
	s.left = true
	return nil
}

func (s *Shell) help(_ context.Context, c *call) error {
	return c.out.print(`?            what can be typed next; Tab completes a word
show ...     how the switch is; show configuration is what runs
configure    change the configuration: set, delete, compare, commit, exit
... | WORD   json, set, include, exclude, begin, count, no-more
;            between commands of one line
Ctrl-C       ends a command, or empties the line; Ctrl-D logs out`)
}
