// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"errors"
	"io"
	"strings"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/tree"
)

// pasted stands for text that is typed or pasted at the terminal.
const pasted = "terminal"

func (s *Shell) load(ctx context.Context, c *call) error {
	text, err := s.text(c)
	if err != nil {
		return err
	}
	r, err := s.config.Load(ctx, connect.NewRequest(&apiv1.ConfigServiceLoadRequest{Session: s.session, Text: text}))
	if err != nil {
		return err
	}
	return c.out.printf("%s; compare shows what.", counted(r.Msg.GetChanges()))
}

func (s *Shell) merge(ctx context.Context, c *call) error {
	text, err := s.text(c)
	if err != nil {
		return err
	}
	r, err := s.config.Change(ctx, connect.NewRequest(&apiv1.ConfigServiceChangeRequest{Session: s.session, Text: text}))
	if err != nil {
		return err
	}
	return c.out.printf("%s; compare shows what.", counted(r.Msg.GetChanges()))
}

// text returns what is to be loaded.
func (s *Shell) text(c *call) ([]byte, error) {
	name := c.args["FILE"]
	switch {
	case name == pasted && s.console != nil:
		return s.paste(c)
	case s.files == nil || name == pasted:
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "there is nothing to load from here"}
	}
	return s.files.Read(name)
}

// paste reads lines up to one with a single full stop.
func (s *Shell) paste(c *call) ([]byte, error) {
	if err := c.out.print("Paste it; end with a line that is a full stop, or give up with Ctrl-C."); err != nil {
		return nil, err
	}
	var b strings.Builder
	for {
		line, err := s.console.readLine("")
		switch {
		case errors.Is(err, errInterrupted):
			return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "nothing is loaded"}
		case errors.Is(err, io.EOF) || line == ".":
			return []byte(b.String()), nil
		case err != nil:
			return nil, err
		}
		if b.WriteString(line + "\n"); b.Len() > tree.MaxText {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "that is too much"}
		}
	}
}

func (s *Shell) save(ctx context.Context, c *call) error {
	name := c.args["FILE"]
	if s.files == nil || name == pasted {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "there is nowhere to save to from here"}
	}
	form := apiv1.ConfigForm_CONFIG_FORM_SET
	switch {
	case strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml"):
		form = apiv1.ConfigForm_CONFIG_FORM_YAML
	case strings.HasSuffix(name, ".json"):
		form = apiv1.ConfigForm_CONFIG_FORM_JSON
	}
	r, err := s.config.Get(ctx, connect.NewRequest(&apiv1.ConfigServiceGetRequest{Source: apiv1.ConfigSource_CONFIG_SOURCE_CANDIDATE, Session: s.session, Form: form}))
	if err != nil {
		return err
	}
	if err := s.files.Write(name, r.Msg.GetText()); err != nil {
		return err
	}
	return c.out.print("Saved; secrets are left out.")
}
