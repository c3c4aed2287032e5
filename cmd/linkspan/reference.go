// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/nos/schema"
)

// referenceCommand prints docs/reference/commands.md, or with the word configuration
// docs/reference/configuration.md; people read those files.
func (a *app) referenceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reference [configuration]", Hidden: true, Args: usageArgs(cobra.MaximumNArgs(1)), ValidArgs: []string{"configuration"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return a.configurationReference(args[0])
			}
			fmt.Fprint(a.out, "# Commands\n\nMade by `make docs` from the program itself.\n")
			return describe(a.out, cmd.Root())
		},
	}
}

// configurationReference prints what can be configured.
func (a *app) configurationReference(what string) error {
	if what != "configuration" {
		return usageError{fmt.Errorf("there is no reference of %q", what)}
	}
	base, err := schema.Base()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(a.out, "# Configuration of a switch\n\nMade by `make docs` from the program itself. How it is changed is in the\n[guide](../guide/switch.md).\n\n"+strings.TrimRight(base.Reference(), "\n")+"\n")
	return err
}

// describe prints a command and all below it.
func describe(w io.Writer, c *cobra.Command) error {
	if c.Hidden || c.Name() == "help" || c.HasParent() && c.Parent().Name() == "completion" {
		return nil
	}
	text := c.Long
	if text == "" {
		text = c.Short
	}
	fmt.Fprintf(w, "\n## %s\n\n%s\n", c.CommandPath(), text)
	if c.Runnable() && !c.HasSubCommands() {
		fmt.Fprintf(w, "\n    %s\n", c.UseLine())
	}
	if c.Example != "" {
		fmt.Fprintf(w, "\nExamples:\n\n%s\n", indent(c.Example))
	}
	if flags := c.LocalNonPersistentFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(w, "\nFlags:\n\n%s", indent(flags))
	}
	if flags := c.PersistentFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(w, "\nFlags of every command%s:\n\n%s", below(c), indent(flags))
	}
	for _, sub := range c.Commands() {
		if err := describe(w, sub); err != nil {
			return err
		}
	}
	return nil
}

// below says of which commands, where not of all.
func below(c *cobra.Command) string {
	if !c.HasParent() {
		return ""
	}
	return " of " + c.CommandPath()
}

// indent makes a code block of a text that is indented by two or six already.
func indent(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = "    " + strings.TrimPrefix(l, "  ")
		}
	}
	return strings.Join(lines, "\n")
}
