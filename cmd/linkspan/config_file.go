// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/shell"
)

// readConfiguration reads a file, or standard input for a hyphen.
func (a *app) readConfiguration(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.in)
	}
	return shell.Here{}.Read(name)
}

func (a *app) configLoad() *cobra.Command {
	return &cobra.Command{
		Use: "load FILE", Short: "make a file the candidate", Args: exactly(1),
		Long:    "Make a file the candidate: set commands, YAML or JSON; - is standard input. A secret\nthat is <hidden> in it stays as it is.",
		Example: "  linkspan config load edge1.yaml\n  linkspan config compare",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.readConfiguration(args[0])
			if err != nil {
				return err
			}
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				_, err := c.Config.Load(ctx, connect.NewRequest(&apiv1.ConfigServiceLoadRequest{Text: text}))
				return err
			})
		},
	}
}

func (a *app) configMerge() *cobra.Command {
	return &cobra.Command{
		Use: "merge FILE", Short: "set what a file says in the candidate", Args: exactly(1),
		Long:    "Set in the candidate what a file says: set and delete commands, YAML or JSON; - is standard\ninput.",
		Example: "  linkspan config merge vlans.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.readConfiguration(args[0])
			if err != nil {
				return err
			}
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				_, err := c.Config.Change(ctx, connect.NewRequest(&apiv1.ConfigServiceChangeRequest{Text: text}))
				return err
			})
		},
	}
}

func (a *app) configSave() *cobra.Command {
	form := configForm{apiv1.ConfigForm_CONFIG_FORM_YAML}
	var secrets bool
	c := &cobra.Command{
		Use: "save FILE", Short: "write what runs to a file", Args: exactly(1), Example: "  linkspan config save edge1.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				r, err := c.Config.Get(ctx, connect.NewRequest(&apiv1.ConfigServiceGetRequest{Form: form.form, Secrets: secrets}))
				if err != nil {
					return err
				}
				return shell.Here{}.Write(args[0], r.Msg.GetText())
			})
		},
	}
	c.Flags().Var(&form, "form", "as set commands, yaml or json (`form`)")
	c.Flags().BoolVar(&secrets, "secrets", false, "with its secrets; for administrators")
	return c
}

func (a *app) configEdit() *cobra.Command {
	form := configForm{apiv1.ConfigForm_CONFIG_FORM_YAML}
	c := &cobra.Command{
		Use: "edit", Short: "edit the candidate in an editor", Args: exactly(0),
		Long:    "Edit the candidate in the editor that VISUAL or EDITOR names. What you save becomes the\ncandidate, if it is right.",
		Example: "  EDITOR=nano linkspan config edit\n  linkspan config compare",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				r, err := c.Config.Get(ctx, connect.NewRequest(&apiv1.ConfigServiceGetRequest{Source: apiv1.ConfigSource_CONFIG_SOURCE_CANDIDATE, Form: form.form}))
				if err != nil {
					return err
				}
				text, err := a.inEditor(ctx, r.Msg.GetText(), form.String())
				if err != nil || bytes.Equal(text, r.Msg.GetText()) {
					return err
				}
				_, err = c.Config.Load(ctx, connect.NewRequest(&apiv1.ConfigServiceLoadRequest{Form: form.form, Text: text}))
				return err
			})
		},
	}
	c.Flags().Var(&form, "form", "as set commands, yaml or json (`form`)")
	return c
}

// inEditor returns what somebody makes of a text.
func (a *app) inEditor(ctx context.Context, text []byte, ending string) (_ []byte, err error) {
	f, err := os.CreateTemp("", "linkspan-*."+ending) // its mode is 0600
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	if _, err = f.Write(text); errors.Join(err, f.Close()) != nil {
		return nil, err
	}
	editor := strings.Fields(firstOf(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi"))
	cmd := exec.CommandContext(ctx, editor[0], append(editor[1:], f.Name())...) //nolint:gosec // who types it has chosen it
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("editor %s: %w", editor[0], err)
	}
	return os.ReadFile(f.Name())
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if strings.TrimSpace(t) != "" {
			return t
		}
	}
	return ""
}
